// Line icons drawn as SVG elements; a name that is missing falls back to a dot.
const SHAPES = {
  process: "M4 5h16v14H4zM4 9h16M7 13l2.5 2L7 17M12 17h4",
  file: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  module: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM12 12l8-4.5M12 12v9M12 12L4 7.5",
  registry: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  network: "M12 3a9 9 0 100 18 9 9 0 000-18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  dns: "M4 5h16v6H4zM4 13h16v6H4zM7 8h.01M7 16h.01M12 8h5M12 16h5",
  user: "M12 4a4 4 0 100 8 4 4 0 000-8zM4 21c0-5 4-7 8-7s8 2 8 7",
  service: "M12 9a3 3 0 100 6 3 3 0 000-6zM12 2v4M12 18v4M2 12h4M18 12h4M5 5l2.8 2.8M16.2 16.2L19 19M19 5l-2.8 2.8M7.8 16.2L5 19",
  task: "M12 3a9 9 0 100 18 9 9 0 000-18zM12 7v5l4 2",
  script: "M5 4h14v16H5zM8 9l3 3-3 3M13 15h3",
  record: "M6 3h12v18H6zM9 8h6M9 12h6M9 16h3",
  shield: "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6z",
  disk: "M4 6c0-4 16-4 16 0v12c0 4-16 4-16 0zM4 6c0 4 16 4 16 0M4 12c0 4 16 4 16 0",
  dot: "M12 8a4 4 0 100 8 4 4 0 000-8z",
  play: "M7 4l13 8-13 8z", pause: "M7 4h4v16H7zM14 4h4v16h-4z",
  prevKey: "M6 5v14M19 5L9 12l10 7z", nextKey: "M18 5v14M5 5l10 7-10 7z",
  prevFrame: "M15 5l-8 7 8 7", nextFrame: "M9 5l8 7-8 7",
  zoomIn: "M11 4a7 7 0 100 14 7 7 0 000-14zM16 16l5 5M8 11h6M11 8v6", zoomOut: "M11 4a7 7 0 100 14 7 7 0 000-14zM16 16l5 5M8 11h6",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1", malicious: "M12 3l10 18H2zM12 10v5M12 18h.01",
  suspicious: "M12 2l10 10-10 10L2 12zM12 8v5M12 16h.01", unsure: "M12 3a9 9 0 100 18 9 9 0 000-18zM9.5 9.5a2.5 2.5 0 115 0c0 1.7-2.5 2-2.5 4M12 17h.01",
  benign: "M12 3a9 9 0 100 18 9 9 0 000-18zM8 12l3 3 5-6",
  rule: "M6 21V4h11l-2 4 2 4H6",
  sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M19 5l-1.5 1.5M6.5 17.5L5 19",
  moon: "M20 14A8.5 8.5 0 1110 4a7 7 0 0010 10z",
};
const OBJECT_ICONS = {
  process: "process", module: "module", driver: "module", file: "file", pipe: "dns", disk: "disk", registry: "registry",
  network: "network", dns: "dns", logon: "user", privilege: "user", account: "user", group: "user", directory: "record",
  service: "service", task: "task", wmi: "script", script: "script", log: "record", policy: "record", defender: "shield",
  clipboard: "record", kernel: "service", syscall: "service",
};
const SVG = "http://www.w3.org/2000/svg";

function icon(name, kind = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon ${kind}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[name] || SHAPES.dot);
  svg.append(path);
  return svg;
}

const objectIcon = (action) => OBJECT_ICONS[String(action).split(".")[0]] || "dot";
