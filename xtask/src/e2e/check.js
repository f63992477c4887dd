// Returns the contents of a report and a list of faults.
(() => {
  const faults = [];
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const name = (element) => {
    const text = (element.textContent || "").trim().slice(0, 40);
    return `${element.tagName.toLowerCase()}.${element.getAttribute("class") || ""} "${text}"`;
  };

  // A canvas converts every notation of a colour to four bytes.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const bytes = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map((byte) => {
      const share = byte / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = bytes(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const contrast = (one, two) => {
    const [low, high] = [luminance(one), luminance(two)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  for (const element of all("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const style = getComputedStyle(element);
    const drawn = element.getClientRects().length > 0;
    if (own && drawn && element.tagName !== "title") {
      const ratio = contrast(bytes(style.color), background(element));
      if (ratio < 4.5) faults.push(`contrast is ${ratio.toFixed(1)}, expected at least 4.5: ${name(element)}`);
      const size = parseFloat(style.fontSize);
      if (size < 11) faults.push(`text is ${size} pixels high: ${name(element)}`);
    }
    const clips = style.overflowX === "visible" && style.display !== "inline";
    if (clips && drawn && element.clientWidth && element.scrollWidth > element.clientWidth + 1) {
      faults.push(`overflows its box: ${name(element)}`);
    }
  }
  for (const element of all(".bars rect:not(.partial), path.bars, .curve, line.mark")) {
    const style = getComputedStyle(element);
    const isLine = style.stroke !== "none";
    const opacity = Number(isLine ? style.strokeOpacity : style.fillOpacity);
    const behind = background(element);
    const color = bytes(isLine ? style.stroke : style.fill);
    const mixed = color.map((byte, index) => byte * opacity + behind[index] * (1 - opacity));
    const ratio = contrast(mixed, behind);
    if (ratio < 3) faults.push(`contrast is ${ratio.toFixed(1)}, expected at least 3: ${name(element)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push("page scrolls horizontally");
  for (const cell of all("th:not([scope])")) faults.push(`header without a scope: ${name(cell)}`);
  for (const picture of all("svg")) {
    const hidden = picture.getAttribute("aria-hidden") === "true";
    const titled = picture.getAttribute("role") === "img" && picture.querySelector("title");
    if (!hidden && !titled) faults.push("image without a title");
    if (picture.getBoundingClientRect().height < 4) faults.push("image without a height");
  }
  const ids = all("[id]").map((element) => element.id);
  if (new Set(ids).size !== ids.length) faults.push("an id occurs twice");
  for (const element of all("[aria-labelledby]")) {
    const id = element.getAttribute("aria-labelledby");
    if (!document.getElementById(id)) faults.push(`label #${id} does not exist`);
  }
  if (!document.title || all("h1").length !== 1) faults.push("the page needs a title and exactly one h1");

  return {
    faults,
    scheme: luminance(background(document.body)) < 0.2 ? "dark" : "light",
    scripts: document.scripts.length,
    actions: all("section[aria-labelledby=actions] tbody tr").length,
    refusals: all(".refusal").length,
    charts: all("figure.wide svg").length,
    text: document.body.innerText,
  };
})()
