// What all desks share: an open menu closes when something else is chosen; the token against forgery goes with what
// htmx sends; times that run down are counted here; a click on a list's head box ticks all rows.
"use strict";

document.addEventListener("click", (event) => {
  for (const one of document.querySelectorAll("details.rooms[open]")) {
    if (!one.contains(event.target)) one.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const one of document.querySelectorAll("details.rooms[open]")) {
    one.open = false;
    one.querySelector("summary").focus();
  }
});

document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf"]').content;
  const request = event.detail.ctx.request;
  if (!/^(GET|HEAD)$/i.test(request.method)) request.headers["X-CSRF-Token"] = token;
});

document.addEventListener("change", (event) => {
  const head = event.target;
  if (!head.matches("input[data-all]")) return;
  for (const one of document.querySelectorAll(`input[name="${head.dataset.all}"]`)) one.checked = head.checked;
});

// <time data-until="2026-11-29T22:00:00Z" data-late="…">: hours and minutes that are left, every second.
const written = (seconds) => {
  const two = (number) => String(number).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
};

const count = () => {
  for (const one of document.querySelectorAll("[data-until]")) {
    const left = Math.floor((Date.parse(one.dataset.until) - Date.now()) / 1000);
    one.textContent = (left < 0 ? "−" : "") + written(Math.abs(left));
    one.classList.toggle("bad", left < 4 * 3600);
    one.classList.toggle("wait", left >= 4 * 3600 && left < 8 * 3600);
  }
};

if (document.querySelector("[data-until]")) {
  count();
  setInterval(count, 1000);
}
