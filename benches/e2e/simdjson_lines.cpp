// Decodes lines of JSON with simdjson: simdjson_lines ondemand|strict FORM FILE PASSES.
//
// Prints the totals of all passes as a line of JSON, like the program `decode` of this crate. `ondemand` finds
// the fields and skips all other values without checking them; `strict` reads every value. `caddy` is the form
// whose fields are those of a request; lines of all other forms have an `action` and a `time`.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "simdjson.h"

using namespace simdjson;

// The kernels that on demand uses. `builtin_implementation` names those that the library was built for.
#define TEXT_OF(name) #name
#define NAME_OF(macro) TEXT_OF(macro)

// The bytes that are indexed at once. The default, a million, leaves the second cache of most processors.
constexpr size_t BATCH_BYTES = 256 * 1024;

struct Sums {
  uint64_t accepted = 0;
  uint64_t refused = 0;
  uint64_t name_bytes = 0;
  double time = 0;
};

struct Record {
  uint64_t name_bytes = 0;
  double time = 0;
  // The number of fields found, of `FIELDS` of the schema.
  int found = 0;
};

// `{"action": text, "time": number}` with any other members.
struct Actions {
  static constexpr int FIELDS = 2;

  static void find(ondemand::document_reference line, Record &record) {
    ondemand::object object = line.get_object();
    record.name_bytes = std::string_view(object["action"].get_string()).size();
    record.time = object["time"].get_double();
    record.found = FIELDS;
  }

  // Reads a member of the line if it is a field.
  static bool read(std::string_view parent, std::string_view key, ondemand::value value, Record &record) {
    if (!parent.empty()) return false;
    if (key == "action") {
      record.name_bytes = std::string_view(value.get_string()).size();
    } else if (key == "time") {
      record.time = value.get_double();
    } else {
      return false;
    }
    record.found++;
    return true;
  }
};

// `{"request": {"method": text, "uri": text}, "duration": number}` with any other members.
struct Requests {
  static constexpr int FIELDS = 3;

  static void find(ondemand::document_reference line, Record &record) {
    ondemand::object object = line.get_object();
    ondemand::object request = object["request"].get_object();
    record.name_bytes = std::string_view(request["method"].get_string()).size() + 1;
    record.name_bytes += std::string_view(request["uri"].get_string()).size();
    record.time = object["duration"].get_double();
    record.found = FIELDS;
  }

  static bool read(std::string_view parent, std::string_view key, ondemand::value value, Record &record) {
    if (parent.empty() && key == "duration") {
      record.time = value.get_double();
    } else if (parent == "request" && (key == "method" || key == "uri")) {
      record.name_bytes += std::string_view(value.get_string()).size() + (key == "uri");
    } else {
      return false;
    }
    record.found++;
    return true;
  }
};

// Keeps the compiler from leaving out values that nobody uses.
static double ignored = 0;

template <class Schema> static void walk(ondemand::value value, std::string_view parent, Record &record);

template <class Schema>
static void walk_object(ondemand::object object, std::string_view parent, bool is_line, Record &record) {
  for (auto field : object) {
    std::string_view key = field.unescaped_key();
    ondemand::value value = field.value();
    if (!Schema::read(parent, key, value, record)) walk<Schema>(value, is_line ? key : "?", record);
  }
}

template <class Schema> static void walk(ondemand::value value, std::string_view parent, Record &record) {
  switch (value.type()) {
  case ondemand::json_type::object:
    walk_object<Schema>(value.get_object(), parent, false, record);
    break;
  case ondemand::json_type::array:
    for (auto element : value.get_array()) walk<Schema>(element.value(), "?", record);
    break;
  case ondemand::json_type::string:
    ignored += double(std::string_view(value.get_string()).size());
    break;
  case ondemand::json_type::number:
    ignored += double(value.get_double());
    break;
  case ondemand::json_type::boolean:
    ignored += bool(value.get_bool());
    break;
  default:
    if (!value.is_null()) throw simdjson_error(INCORRECT_TYPE);
  }
}

template <class Schema>
static Sums decode(ondemand::parser &parser, const padded_string &text, bool is_strict) {
  Sums sums;
  ondemand::document_stream lines;
  auto error = parser.iterate_many(text, BATCH_BYTES).get(lines);
  if (error) throw simdjson_error(error);
  for (auto line = lines.begin(); line != lines.end(); ++line) {
    Record record;
    try {
      if (is_strict) {
        ondemand::document_reference document = *line;
        walk_object<Schema>(document.get_object(), "", true, record);
      } else {
        Schema::find(*line, record);
      }
    } catch (const simdjson_error &) {
      record.found = 0;
    }
    if (record.found == Schema::FIELDS) {
      sums.accepted++;
      sums.name_bytes += record.name_bytes;
      sums.time += record.time;
    } else {
      sums.refused++;
    }
  }
  return sums;
}

int main(int argc, char **argv) try {
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    std::printf("simdjson %d.%d.%d, %s\n", SIMDJSON_VERSION_MAJOR, SIMDJSON_VERSION_MINOR,
                SIMDJSON_VERSION_REVISION, NAME_OF(SIMDJSON_BUILTIN_IMPLEMENTATION));
    return 0;
  }
  if (argc != 5) {
    std::fprintf(stderr, "usage: simdjson_lines ondemand|strict FORM FILE PASSES\n");
    return 2;
  }
  const bool is_strict = std::string_view(argv[1]) == "strict";
  const bool is_request = std::string_view(argv[2]) == "caddy";
  padded_string text = padded_string::load(argv[3]);
  ondemand::parser parser;
#ifdef SIMDJSON_THREADS_ENABLED
  parser.threaded = false;
#endif
  Sums total;
  for (int pass = std::atoi(argv[4]); pass > 0; pass--) {
    const Sums sums = is_request ? decode<Requests>(parser, text, is_strict)
                                 : decode<Actions>(parser, text, is_strict);
    total.accepted += sums.accepted;
    total.refused += sums.refused;
    total.name_bytes += sums.name_bytes;
    total.time += sums.time;
  }
  std::printf("{\"accepted\":%llu,\"refused\":%llu,\"name_bytes\":%llu,\"time\":%.17g}\n",
              (unsigned long long)total.accepted, (unsigned long long)total.refused,
              (unsigned long long)total.name_bytes, total.time);
  return ignored < 0;
} catch (const std::exception &error) {
  std::fprintf(stderr, "simdjson_lines: %s\n", error.what());
  return 1;
}
