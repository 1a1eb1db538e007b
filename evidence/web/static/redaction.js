// Hiding parts of a recording: boxes are drawn on the frame or typed, and sent as one order. Nothing that a detector
// proposes is sent before somebody has taken it over; the service asks for the reason of each thing hidden.
(() => {
"use strict";

const form = document.querySelector("[data-redacting]");
const frame = document.querySelector("[data-frame]");
const video = document.querySelector("[data-player] video");
const LEAST = 4; // points: less is a slip of the hand
const EVERY_MS = 3000;
const AGAIN = 40; // looks at what is being made, then one asks oneself

const made = (kind) => document.querySelector(`template[data-of="${kind}"]`).content.firstElementChild.cloneNode(true);
const field = (root, name) => root.querySelector(`:scope [data-field="${name}"]`);
const number = (root, name) => Number(field(root, name).value);
const BOX = ["at_s", "x", "y", "width", "height"];
const boxOf = (row) => Object.fromEntries(BOX.map((name) => [name, number(row, name)]));
const boxesOf = (region) => [...region.querySelectorAll("[data-box]")].map(boxOf).sort((one, other) => one.at_s - other.at_s);
const headers = () => ({ "Content-Type": "application/json", "X-CSRF-Token": document.querySelector('meta[name="csrf"]').content });

const complain = (words) => {
  const told = form.querySelector("[role=alert]");
  told.textContent = words;
  told.hidden = !words;
};

// The service's own words where it refuses.
const refusal = async (answer) => {
  try {
    const told = await answer.json();
    return told.title + (told.field ? ` (${told.field})` : "");
  } catch {
    return form.dataset.failed;
  }
};

const count = () => {
  for (const kind of ["region", "span"]) {
    form.querySelectorAll(`[data-${kind}]`).forEach((one, at) => (one.querySelector("[data-number]").textContent = at + 1));
  }
};

// Where the picture lies in the window, and how many of its points are one of ours: across and down apart, for
// a player widens points that are not square.
const scale = () => {
  const across = video.videoWidth || Number(frame.dataset.width) || 1;
  const down = video.videoHeight || Number(frame.dataset.height) || 1;
  const sides = [Number(frame.dataset.width) || across, Number(frame.dataset.height) || down];
  if (sides[0] > sides[1] !== across > down) sides.reverse(); // it is shown turned
  const place = video.getBoundingClientRect();
  const shown = Math.min(place.width / across, place.height / down);
  const around = frame.getBoundingClientRect();
  return {
    left: place.left - around.left + (place.width - across * shown) / 2,
    top: place.top - around.top + (place.height - down * shown) / 2,
    each: [(across * shown) / sides[0], (down * shown) / sides[1]],
    sides,
  };
};

const between = (boxes, until, at) => {
  if (!boxes.length || at < boxes[0].at_s || !(at < until)) return null;
  const next = boxes.findIndex((one) => at < one.at_s);
  if (next === -1) return boxes.at(-1);
  const [one, other] = [boxes[next - 1], boxes[next]];
  const share = (at - one.at_s) / (other.at_s - one.at_s);
  return Object.fromEntries(BOX.map((name) => [name, one[name] + share * (other[name] - one[name])]));
};

const put = (box, words, isProposed) => {
  const veil = document.createElement("div"), to = scale();
  veil.className = isProposed ? "veil proposed" : "veil";
  veil.textContent = words;
  veil.style.left = `${to.left + box.x * to.each[0]}px`;
  veil.style.top = `${to.top + box.y * to.each[1]}px`;
  veil.style.width = `${box.width * to.each[0]}px`;
  veil.style.height = `${box.height * to.each[1]}px`;
  frame.append(veil);
};

const show = () => {
  if (!frame) return;
  for (const one of frame.querySelectorAll(".veil")) one.remove();
  form.querySelectorAll("[data-region]").forEach((region, at) => {
    const box = between(boxesOf(region), number(region, "until_s"), video.currentTime);
    if (box) put(box, String(at + 1), region.classList.contains("proposed"));
  });
};

const addBox = (region, box) => {
  const rows = [...region.querySelectorAll("[data-box]")];
  let row = rows.find((one) => Math.abs(number(one, "at_s") - box.at_s) < 0.001);
  if (!row) region.querySelector("[data-boxes]").append((row = made("box")));
  for (const name of BOX) field(row, name).value = box[name];
  show();
  return row;
};

const addRegion = (until) => {
  const region = made("region");
  form.querySelector("[data-regions]").append(region);
  field(region, "until_s").value = until;
  region.querySelector("[data-drawn]").checked = true;
  count();
  return region;
};

const now = () => Number(video.currentTime.toFixed(2));
const drawnInto = () => form.querySelector("[data-drawn]:checked")?.closest("[data-region]") ?? addRegion(form.dataset.length);

const listen = () => {
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[type=button]");
    if (!button) return;
    const { add, remove } = button.dataset;
    if (add === "region") field(addRegion(form.dataset.length), "cover").focus();
    if (add === "span") {
      const span = made("span");
      form.querySelector("[data-spans]").append(span);
      field(span, "from_s").value = now();
      field(span, "to_s").focus();
    }
    if (add === "box") {
      const region = button.closest("[data-region]"), boxes = boxesOf(region), last = boxes.at(-1);
      const isTaken = boxes.some((one) => Math.abs(one.at_s - now()) < 0.001); // the next, to be set to its moment
      const row = addBox(region, { ...(last ?? { x: 0, y: 0, width: 64, height: 64 }), at_s: isTaken ? last.at_s + 1 : now() });
      field(row, "x").focus();
    }
    if (remove) button.closest(remove).remove();
    if ("go" in button.dataset) video.currentTime = number(button.closest("[data-box]"), "at_s");
    if ("take" in button.dataset) {
      const region = button.closest("[data-region]");
      region.classList.remove("proposed");
      button.closest("[data-proposed]").hidden = true;
      field(region, "reason").focus();
    }
    if ("propose" in button.dataset) propose(button);
    count();
    show();
  });
  form.addEventListener("input", show);
  form.addEventListener("submit", order);
};

// One draws with the pointer: from one corner to the other, on a picture that stands still.
const draw = () => {
  let from = null, veil = null;
  const at = (event) => {
    const to = scale(), around = frame.getBoundingClientRect();
    const inside = (value, n) => Math.min(Math.max(Math.round(value / to.each[n]), 0), to.sides[n]);
    return [inside(event.clientX - around.left - to.left, 0), inside(event.clientY - around.top - to.top, 1)];
  };
  const box = (one, other) => ({
    at_s: now(),
    x: Math.min(one[0], other[0]),
    y: Math.min(one[1], other[1]),
    width: Math.abs(one[0] - other[0]),
    height: Math.abs(one[1] - other[1]),
  });
  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    video.pause();
    frame.setPointerCapture(event.pointerId);
    from = at(event);
  });
  frame.addEventListener("pointermove", (event) => {
    if (!from) return;
    veil?.remove();
    put(box(from, at(event)), "", false);
    veil = frame.lastElementChild;
  });
  const end = (event) => {
    if (!from) return;
    const drawn = box(from, at(event));
    from = null;
    veil?.remove();
    if (drawn.width >= LEAST && drawn.height >= LEAST) addBox(drawnInto(), drawn);
  };
  frame.addEventListener("pointerup", end);
  frame.addEventListener("pointercancel", () => { from = null; show(); });
  for (const what of ["timeupdate", "seeked", "loadedmetadata"]) video.addEventListener(what, show);
  addEventListener("resize", show);
};

const address = () => `/api/v1/recordings/${form.dataset.recording}/derivatives`;

const propose = async (button) => {
  const asked = (name) => Number(form.querySelector(`[data-ask="${name}"]`).value);
  const span = { from_s: asked("from_s"), to_s: asked("to_s") };
  const boxes = [...form.querySelectorAll("[data-region]:not(.proposed)")]
    .map((one) => between(boxesOf(one), number(one, "until_s"), span.from_s))
    .filter(Boolean)
    .map((one) => ({ ...Object.fromEntries(BOX.map((name) => [name, Math.round(one[name])])), at_s: span.from_s }));
  button.disabled = true;
  complain("");
  try {
    const answer = await fetch(`${address()}/proposals`, { method: "POST", headers: headers(), body: JSON.stringify({ ...span, boxes }) });
    if (!answer.ok) return complain(await refusal(answer));
    const told = await answer.json();
    if (!told.regions.length) return complain(form.dataset.none);
    for (const one of told.regions) {
      const region = addRegion(one.until_s);
      region.classList.add("proposed");
      region.querySelector("[data-proposed]").hidden = false;
      for (const each of one.boxes) addBox(region, each);
    }
  } catch {
    complain(form.dataset.failed);
  } finally {
    button.disabled = false;
    count();
    show();
  }
};

const order = async (event) => {
  event.preventDefault();
  if (form.querySelector(".hiding.proposed")) return complain(form.dataset.left);
  const regions = [...form.querySelectorAll("[data-region]")].map((one) => ({
    cover: field(one, "cover").value,
    boxes: boxesOf(one),
    until_s: number(one, "until_s"),
    reason: field(one, "reason").value,
  }));
  const spans = [...form.querySelectorAll("[data-span]")].map((one) => ({
    from_s: number(one, "from_s"),
    to_s: number(one, "to_s"),
    hush: field(one, "hush").value,
    reason: field(one, "reason").value,
  }));
  if (!regions.length && !spans.length || regions.some((one) => !one.boxes.length)) return complain(form.dataset.nothing);
  const body = { operation: "redaction", title: form.elements.title.value, reason: form.elements.reason.value, regions, spans };
  const button = form.querySelector("button:not([type])");
  button.disabled = true;
  complain("");
  try {
    const answer = await fetch(address(), { method: "POST", headers: headers(), body: JSON.stringify(body) });
    if (answer.ok) return location.assign(form.dataset.then);
    complain(await refusal(answer));
  } catch {
    complain(form.dataset.failed);
  }
  button.disabled = false;
};

// What is being made: how far it is, until it is made or is not.
const watch = () => {
  const making = [...document.querySelectorAll("[data-making]")];
  if (!making.length) return;
  const here = location.pathname.replace(/^\/recordings\/([^/]+)\/.*$/, "/api/v1/recordings/$1/derivatives");
  let looks = 0;
  const look = async () => {
    const answer = await fetch(here);
    if (!answer.ok) return;
    const told = (await answer.json()).derivatives;
    for (const one of making) {
      const found = told.find((each) => each.id === one.dataset.making);
      if (!found || found.state !== "asked") {
        if (form?.querySelector("[data-region], [data-span]")) return; // somebody is at work: not torn away
        return location.reload();
      }
      one.querySelector("progress").value = found.percent ?? 0;
    }
    if (++looks < AGAIN) setTimeout(look, EVERY_MS);
  };
  setTimeout(look, EVERY_MS);
};

if (form) listen();
if (form && frame) draw();
watch();
})();
