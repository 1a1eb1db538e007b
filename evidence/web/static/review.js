// Reviewing by keyboard. Nothing here can be done by keys only: each key follows a link, sends a form or opens a field
// of the page. A key counts where nothing is typed, without Ctrl, Alt or Meta, and once as long as it is held.
"use strict";

const fields = "input, textarea, select";

const chosen = (key) => document.querySelector(`[data-key="${key}"]`);

const follow = (one) => {
  if (one.matches("a")) one.click();
  else if (one.matches("form")) one.requestSubmit();
  else {
    one.open = true;
    one.querySelector("select, textarea").focus();
  }
};

const seek = (button) => {
  const player = document.querySelector(`[data-player="${button.dataset.in}"]`);
  player.currentTime = Number(button.dataset.seek);
  player.focus();
};

document.addEventListener("click", (event) => {
  if (event.target.matches("[data-seek]")) seek(event.target);
});

document.addEventListener("keydown", (event) => {
  if (event.target.matches(fields)) {
    if (event.key === "Escape") event.target.blur();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const player = document.querySelector("video");
  if (event.key === " " && player && event.target === document.body) {
    event.preventDefault();
    if (player.paused) player.play();
    else player.pause();
    return;
  }
  const to_gap = event.key === "g" ? document.querySelector("[data-seek]") : null;
  if (to_gap) seek(to_gap);
  const one = /^[a-z]$/.test(event.key) ? chosen(event.key) : null;
  if (one) {
    event.preventDefault();
    follow(one);
  }
});

// What was just done on another page must not be sent twice by going back.
for (const one of document.querySelectorAll("form[method=post]")) {
  one.addEventListener("submit", (event) => {
    if (one.dataset.sent) event.preventDefault();
    one.dataset.sent = "yes";
  });
}
