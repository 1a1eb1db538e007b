// A gap is explained while one looks at it: players jump to where recording broke off and began anew; "here it
// begins" and "here it ends" write the player's second into the form. Without script the seconds are typed.
"use strict";

const shown = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

const jump = (video, seconds) => {
  const go = () => { video.currentTime = Math.max(0, Math.min(seconds, video.duration || seconds)); };
  if (video.readyState >= 1) go();
  else video.addEventListener("loadedmetadata", go, { once: true });
};

for (const player of document.querySelectorAll("[data-player]")) {
  const video = player.querySelector("video");
  const now = player.querySelector("[data-now]");
  jump(video, Number(video.dataset.at));
  const tell = () => { now.textContent = shown(video.currentTime); };
  video.addEventListener("timeupdate", tell);
  video.addEventListener("seeked", tell);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const of = button.dataset.of;
  const player = of ? document.querySelector(`[data-player="${of}"]`) : button.closest("[data-player]");
  const video = player && player.querySelector("video");
  if (!video) return;
  if (button.dataset.jump) jump(video, Number(button.dataset.jump));
  if (button.dataset.skip) jump(video, video.currentTime + Number(button.dataset.skip));
  if (button.dataset.mark) {
    const form = document.querySelector("form.explaining");
    form.elements[button.dataset.mark].value = video.currentTime.toFixed(1);
    form.elements.recording.value = video.dataset.recording;
  }
});
