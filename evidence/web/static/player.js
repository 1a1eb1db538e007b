// The player of recordings, and several of them under one clock. Every range that is shown was logged by the service
// before its first byte; nothing here keeps anything.
(() => {
"use strict";

const SILENT = 0.01; // of full scale, as the root of the mean square
const QUIET_AFTER_S = 0.7;
const QUICK = 4;
const DRIFT_S = 0.08; // more than this between a camera and the clock is put right by jumping
const written = (seconds) => {
  const whole = Math.floor(seconds / 60);
  return `${whole}:${(seconds - whole * 60).toFixed(2).padStart(5, "0")}`;
};

// Now, in a time zone, as pages write it: 2026-11-30 19:21:00 +08:00.
const local = (timeZone) => {
  const how = { timeZone, dateStyle: "short", timeStyle: "medium" };
  const offset = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" }).formatToParts();
  const written = offset.find((part) => part.type === "timeZoneName").value.slice(3) || "+00:00"; // GMT+08:00
  return `${new Intl.DateTimeFormat("sv-SE", how).format()} ${written}`;
};

// Plays silence at QUICK times the speed, as long as the box is ticked.
class SilenceSkipper {
  constructor(video) {
    this.video = video;
    this.context = new AudioContext();
    this.meter = this.context.createAnalyser();
    const source = this.context.createMediaElementSource(video);
    source.connect(this.meter);
    this.meter.connect(this.context.destination);
    this.samples = new Float32Array(this.meter.fftSize);
    this.quietSince = null;
    this.normal = null;
  }

  start() {
    this.context.resume();
    this.timer = setInterval(() => this.look(), 100);
  }

  stop() {
    clearInterval(this.timer);
    this.slow();
  }

  look() {
    if (this.video.paused) return;
    this.meter.getFloatTimeDomainData(this.samples);
    const power = this.samples.reduce((sum, one) => sum + one * one, 0) / this.samples.length;
    if (Math.sqrt(power) > SILENT) {
      this.quietSince = null;
      this.slow();
      return;
    }
    this.quietSince ??= performance.now();
    if (this.normal === null && performance.now() - this.quietSince > QUIET_AFTER_S * 1000) {
      this.normal = this.video.playbackRate;
      this.video.playbackRate = Math.min(this.normal * QUICK, 16);
    }
  }

  slow() {
    if (this.normal !== null) this.video.playbackRate = this.normal;
    this.normal = null;
  }
}

class Player {
  constructor(root) {
    this.root = root;
    this.video = root.querySelector("video");
    this.step = Number(root.dataset.step) || 0.04;
    this.bar = root.querySelector("[data-seek-bar]");
    this.time = root.querySelector("[data-time]");
    this.speed = root.querySelector("[data-speed]");
    this.silence = root.querySelector("[data-silence]");
    this.listen();
  }

  listen() {
    const video = this.video;
    video.addEventListener("timeupdate", () => this.show());
    video.addEventListener("loadedmetadata", () => this.show());
    video.addEventListener("error", () => this.complain());
    for (const one of this.root.querySelectorAll("[data-do]")) {
      one.addEventListener("click", () => this.act(one.dataset.do));
    }
    this.bar.addEventListener("input", () => this.seek((this.bar.value / 1000) * video.duration));
    this.speed.addEventListener("change", () => (video.playbackRate = Number(this.speed.value)));
    this.silence.addEventListener("change", () => {
      this.skipper ??= new SilenceSkipper(video);
      if (this.silence.checked) this.skipper.start();
      else this.skipper.stop();
    });
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("click", (event) => {
      const place = event.target.closest("[data-seek]");
      if (place) this.seek(Number(place.dataset.seek));
    });
    const now = document.querySelector("[data-now]");
    now?.addEventListener("focus", () => (now.value ||= video.currentTime.toFixed(2)));
    this.mark = this.root.querySelector("[data-watermark]");
    if (this.mark) setInterval(() => this.moveMark(), 7000);
    this.place = 0;
  }

  moveMark() {
    this.place = (this.place + 1) % 4;
    this.mark.className = `watermark at-${this.place}`;
    this.mark.textContent = `${this.mark.dataset.watermark} ${local(this.mark.dataset.zone)}`;
  }

  key(event) {
    if (event.target.closest("input, select, textarea") || event.ctrlKey || event.altKey || event.metaKey) return;
    const does = {
      " ": "play", k: "play", j: "rewind", l: "skip", ",": "back", ".": "forward",
      "<": "slower", ">": "faster", s: "silence", ArrowLeft: "rewind", ArrowRight: "skip",
    }[event.key];
    if (!does || (event.key === " " && event.target.closest("button, a, summary"))) return;
    event.preventDefault();
    this.act(does);
  }

  act(does) {
    const video = this.video;
    const by = (seconds) => this.seek(video.currentTime + seconds);
    if (does === "play") return video.paused ? video.play() : video.pause();
    if (does === "rewind") return by(-5);
    if (does === "skip") return by(5);
    if (does === "silence") return this.silence.click();
    if (does === "back" || does === "forward") {
      video.pause();
      return by(does === "back" ? -this.step : this.step);
    }
    const next = this.speed.selectedIndex + (does === "faster" ? 1 : -1);
    this.speed.selectedIndex = Math.min(Math.max(next, 0), this.speed.length - 1);
    this.speed.dispatchEvent(new Event("change"));
  }

  seek(seconds) {
    if (!Number.isFinite(seconds)) return;
    this.video.currentTime = Math.min(Math.max(seconds, 0), this.video.duration || seconds);
    this.show();
  }

  show() {
    const { currentTime, duration } = this.video;
    this.time.textContent = `${written(currentTime)} / ${Number.isFinite(duration) ? written(duration) : "—"}`;
    if (Number.isFinite(duration) && duration > 0) this.bar.value = (currentTime / duration) * 1000;
  }

  complain() {
    const told = this.root.querySelector("[role=alert]");
    told.textContent = this.root.dataset.unplayable;
    told.hidden = false;
  }
}

// Several cameras under one clock: each has its own beginning on the common line, in seconds (data-offset).
class Together {
  constructor(root) {
    this.root = root;
    this.videos = [...root.querySelectorAll("video[data-offset]")];
    this.bar = root.querySelector("[data-seek-bar]");
    this.time = root.querySelector("[data-time]");
    this.length = Number(root.dataset.length);
    this.at = 0;
    this.since = null;
    root.querySelector("[data-do=play]").addEventListener("click", () => (this.since === null ? this.play() : this.pause()));
    this.bar.addEventListener("input", () => this.seek((this.bar.value / 1000) * this.length));
    for (const one of root.querySelectorAll("[data-together-seek]")) {
      one.addEventListener("click", () => this.seek(Number(one.dataset.togetherSeek)));
    }
    setInterval(() => this.keep(), 100);
    this.seek(0);
  }

  now() {
    return this.since === null ? this.at : Math.min(this.at + (performance.now() - this.since) / 1000, this.length);
  }

  play() {
    this.since = performance.now();
    this.keep();
  }

  pause() {
    this.at = this.now();
    this.since = null;
    this.keep();
  }

  seek(seconds) {
    this.at = seconds;
    if (this.since !== null) this.since = performance.now();
    this.keep();
  }

  keep() {
    const now = this.now();
    for (const video of this.videos) {
      const here = now - Number(video.dataset.offset);
      const isOn = here >= 0 && !(here >= video.duration);
      video.classList.toggle("away", !isOn);
      if (!isOn || this.since === null) {
        if (!video.paused) video.pause();
      } else if (video.paused) {
        video.play().catch(() => {});
      }
      if (isOn && Math.abs(video.currentTime - here) > DRIFT_S && !video.seeking) video.currentTime = here;
    }
    this.time.textContent = written(now);
    this.bar.value = this.length ? (now / this.length) * 1000 : 0;
    if (this.since !== null && now >= this.length) this.pause();
  }
}

for (const one of document.querySelectorAll("[data-player]")) new Player(one);
for (const one of document.querySelectorAll("[data-together]")) new Together(one);
document.addEventListener("click", (event) => {
  const code = event.target.closest("[data-copy]");
  if (code) getSelection().selectAllChildren(code);
});
})();
