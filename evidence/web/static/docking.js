// Docking in the browser: the files that a person chose are announced, sent by tus, and their receipts fetched.
// What was sent before is known from the list's answer, so that after a reload, a cut line or a stopped service
// the same folder is chosen again and everything goes on where it was. Nothing on the card is changed or deleted.
"use strict";

(() => {
  const page = document.querySelector("[data-docking]");
  if (!page) return;
  const words = JSON.parse(page.dataset.words);
  const token = document.querySelector('meta[name="csrf"]').content;
  const of = (name) => page.querySelector(`[data-${name}]`);
  const say = (key, fields = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => fields[name] ?? "");
  const CHUNK = 8 << 20, AT_ONCE = 2, LONGEST_WAIT = 15;
  const GO_ON = new Set([0, 408, 409, 423, 425, 429, 460]); // and all of 5xx: tried again; anything else is final
  let lines = [], running = 0, stopped = false, began = 0, before = 0, serial = "";

  // What was chosen -----------------------------------------------------------------------------------------
  const ROOT = /^DCIM$/i; // on a card itself: part of every name there, whichever folder was chosen
  const nameOf = (path) => {
    const parts = path.replace(/^\/+/, "").split("/");
    return (parts.length > 1 && !ROOT.test(parts[0]) ? parts.slice(1) : parts).join("/");
  };
  const isOurs = (name) => !name.split("/").some((part) => part.startsWith(".") || part === "System Volume Information");

  const walk = async (entry) => {
    if (entry.isFile) {
      const file = await new Promise((done, failed) => entry.file(done, failed));
      return [[file, nameOf(entry.fullPath)]];
    }
    const reader = entry.createReader(), found = [];
    for (;;) { // a reader tells at most a hundred at a time
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) return found;
      for (const one of some) found.push(...(await walk(one)));
    }
  };

  const choose = (pairs) => {
    if (running) return;
    const known = new Set();
    lines = pairs
      .filter(([, name]) => isOurs(name) && !known.has(name) && known.add(name))
      .map(([file, name]) => ({ file, name, size: file.size, done: 0, state: "waits", when: file.lastModified }))
      .sort((a, b) => a.when - b.when || (a.name < b.name ? -1 : 1)); // what is due first goes first
    for (const line of lines) draw(line);
    of("list").replaceChildren(...lines.map((line) => line.row));
    of("table").hidden = !lines.length;
    const total = lines.reduce((sum, line) => sum + line.size, 0);
    tell(lines.length ? say("announced", { count: lines.length, total: bytes(total) }) : say("nothing-chosen"));
    ready();
  };

  const device = () => (of("device") ? of("device").value.trim() : "");
  const ready = () => { of("start").disabled = !lines.length || running > 0 || !device(); };

  // What is seen --------------------------------------------------------------------------------------------
  const bytes = (count) => {
    const units = ["B", "KB", "MB", "GB", "TB"];
    let place = 0;
    while (count >= 1000 && place < 4) { count /= 1000; place += 1; }
    return `${count.toFixed(place ? 1 : 0)} ${units[place]}`;
  };
  const time = (seconds) => {
    const two = (number) => String(number).padStart(2, "0"), all = Math.ceil(seconds);
    return `${Math.floor(all / 3600)}:${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
  };
  // As `printable` on every other page: what could turn a name around, or is no letter, is written out.
  const plain = (name) => name.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (one) => `\\u${one.codePointAt(0).toString(16).padStart(4, "0")}`);
  const tell = (text) => { of("told").textContent = text; };

  const cell = (row, name) => {
    const made = row.insertCell();
    made.className = name;
    return made;
  };
  const draw = (line) => {
    line.row = document.createElement("tr");
    cell(line.row, "name").textContent = plain(line.name);
    cell(line.row, "figure").textContent = bytes(line.size);
    line.bar = document.createElement("progress");
    line.bar.max = Math.max(1, line.size);
    line.bar.value = 0;
    line.bar.setAttribute("aria-label", plain(line.name));
    cell(line.row, "").append(line.bar);
    line.speed = cell(line.row, "figure");
    line.mark = document.createElement("span");
    line.what = cell(line.row, "");
    line.what.append(line.mark);
    show(line, "waits", "none");
  };
  const show = (line, state, tone, fields = {}, more = "") => {
    line.state = state;
    line.row.dataset.state = state;
    line.mark.className = `mark ${tone}`;
    line.mark.textContent = say(state, fields);
    line.what.replaceChildren(line.mark, ...(more ? [document.createElement("br"), more] : []));
    if (state !== "sending") line.speed.textContent = "";
    if (state.startsWith("sealed")) line.bar.value = line.bar.max; // an empty file, too
  };
  const moved = (line, sent) => {
    const now = performance.now();
    if (line.at) {
      const rate = (sent - line.done) / Math.max(1, now - line.at) * 1000;
      if (rate >= 0) line.rate = line.rate ? 0.8 * line.rate + 0.2 * rate : rate;
    }
    [line.done, line.at, line.bar.value] = [sent, now, sent];
    if (line.rate) line.speed.textContent = `${bytes(line.rate)}/s · ${time((line.size - sent) / line.rate)}`;
    overall();
  };
  const overall = () => {
    const total = lines.reduce((sum, line) => sum + line.size, 0);
    const done = lines.reduce((sum, line) => sum + Math.min(line.size, line.done), 0);
    of("overall").max = Math.max(1, total);
    of("overall").value = done;
    const rate = (done - before) / Math.max(1, performance.now() - began) * 1000;
    const left = rate > 0 && done < total ? time((total - done) / rate) : "";
    const sealed = lines.filter((line) => ["sealed", "sealed-before"].includes(line.state)).length;
    of("told").textContent = say("overall", {
      count: sealed, of: lines.length, done: bytes(done), total: bytes(total), speed: bytes(Math.max(0, rate)), left,
    });
  };

  // What is sent --------------------------------------------------------------------------------------------
  const wait = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
  const problem = (text) => {
    try { return JSON.parse(text); } catch { return {}; }
  };
  const titled = (told) => told.title || told.code || "";

  // Each piece travels with its SHA-256, where the browser can make one (https, or this very machine).
  const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
  class CheckedStack extends tus.DefaultHttpStack {
    createRequest(method, url) {
      const request = super.createRequest(method, url), send = request.send.bind(request);
      request.send = async (body) => {
        if (method === "PATCH" && body && globalThis.crypto && crypto.subtle) {
          const digest = await crypto.subtle.digest("SHA-256", await body.arrayBuffer());
          request.setHeader("Upload-Checksum", `sha256 ${base64(digest)}`);
        }
        return send(body);
      };
      return request;
    }
  }

  const announce = async () => {
    const list = {
      device: serial,
      wearer: page.dataset.wearer,
      sent: new Date().toISOString(),
      files: lines.map((line) => ({ name: line.name, size: line.size, modified: new Date(line.when).toISOString() })),
    };
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": token };
    for (let seconds = 1; ; seconds = Math.min(LONGEST_WAIT, 2 * seconds)) {
      try {
        const answer = await fetch("/api/v1/cards", { method: "POST", headers, body: JSON.stringify(list) });
        const told = problem(await answer.text());
        if (answer.status === 201) return told;
        if (answer.status === 401) return leave();
        if (answer.status < 500) {
          tell(say("cannot-announce", { title: titled(told) }));
          return null;
        }
      } catch { /* no line: tried again */ }
      tell(say("line-cut", { seconds }));
      await wait(seconds);
    }
  };
  const leave = () => {
    stopped = true;
    tell(say("signed-out"));
    return null;
  };

  const once = (line, card) => new Promise((done) => {
    const upload = new tus.Upload(line.file, {
      endpoint: `${location.origin}/api/v1/uploads`,
      uploadUrl: line.upload ? `${location.origin}/api/v1/uploads/${line.upload}` : null,
      chunkSize: CHUNK,
      retryDelays: null,
      storeFingerprintForResuming: false,
      httpStack: new CheckedStack(),
      headers: { "X-CSRF-Token": token },
      metadata: {
        filename: line.name, device: serial, wearer: page.dataset.wearer, card,
        modified: new Date(line.when).toISOString(),
      },
      onUploadUrlAvailable: () => { line.upload = upload.url.split("/").pop(); },
      onProgress: (sent) => moved(line, sent),
      onSuccess: () => done(null),
      onError: (fault) => {
        const answer = fault.originalResponse;
        done({ status: answer ? answer.getStatus() : 0, ...problem(answer ? answer.getBody() : "") });
      },
    });
    line.at = 0;
    upload.start();
  });

  const receipt = async (line) => {
    show(line, "sealing", "wait");
    for (let seconds = 1; !stopped; ) {
      try {
        const answer = await fetch(`/api/v1/uploads/${line.upload}/receipt`);
        const text = await answer.text();
        if (answer.status === 200) return settle(line, text, answer.headers.get("Evidence-Check"));
        if (answer.status === 401) return leave();
        if (answer.status === 409) return show(line, "other-bytes", "bad", {}, titled(problem(text)));
        if (answer.status === 202) seconds = 1;
        else if (answer.status < 500 && answer.status !== 425) return show(line, "failed", "bad", {}, titled(problem(text)));
      } catch { seconds = Math.min(LONGEST_WAIT, 2 * seconds); }
      await wait(seconds);
    }
    return null;
  };

  // A receipt counts only if it is about this very file, and the original is whole as far as anybody knows.
  const settle = (line, text, check) => {
    const told = problem(text), said = told.signed || {};
    line.done = line.bar.value = line.size;
    if (said.name !== line.name || said.size !== line.size || said.device !== serial) return show(line, "differs", "bad");
    if (check && check !== "ok") return show(line, "damaged", "bad");
    const link = document.createElement("a");
    link.href = `/api/v1/uploads/${line.upload}/receipt`;
    link.download = `${line.name.split("/").pop()}.receipt.json`;
    link.textContent = say("receipt");
    show(line, line.before ? "sealed-before" : "sealed", "good", {}, link);
    return overall();
  };

  const send = async (line, card) => {
    for (let seconds = 1; !stopped; ) {
      const sent = line.done;
      show(line, "sending", "wait");
      const fault = await once(line, card);
      if (!fault) return receipt(line);
      if (fault.status === 401) return leave();
      if (!GO_ON.has(fault.status) && fault.status < 500) return show(line, "failed", "bad", {}, titled(fault));
      if (fault.status === 409 && fault.code !== "offset-differs") return show(line, "failed", "bad", {}, titled(fault));
      if (line.done > sent) seconds = 1;
      show(line, fault.status === 507 ? "no-space" : "line-cut", "bad", { seconds });
      await wait(seconds);
      seconds = Math.min(LONGEST_WAIT, 2 * seconds);
    }
    return null;
  };

  const start = async () => {
    running += 1;
    [stopped, serial] = [false, device()];
    of("told").className = "";
    ready();
    of("overall").hidden = false;
    tell(say("announcing"));
    const card = await announce();
    if (card) {
      const gone = card.gone.map((one) => one.name);
      of("gone").hidden = !gone.length;
      of("gone").textContent = gone.length ? say("gone", { count: gone.length, names: gone.join("、") }) : "";
      const known = new Map(card.files.map((one) => [one.name, one]));
      for (const line of lines) {
        const standing = known.get(line.name);
        [line.upload, line.before] = [standing.upload, standing.state === "sealed"];
        line.first = standing.state;
      }
      [began, before] = [performance.now(), 0];
      const queue = [...lines];
      const work = async () => {
        for (let line = queue.shift(); line && !stopped; line = queue.shift()) {
          if (["sealed", "sealing"].includes(line.first)) {
            before += line.size;
            await receipt(line);
          } else await send(line, card.card);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      if (!stopped) finish();
    }
    running -= 1;
    ready();
  };
  const finish = () => {
    const good = lines.filter((line) => ["sealed", "sealed-before"].includes(line.state)).length;
    const all = good === lines.length, lacking = !of("gone").hidden;
    tell(say(!all ? "some-failed" : lacking ? "done-lacking" : "all-done", { count: good, of: lines.length }));
    of("told").className = all && !lacking ? "done" : "problem";
    of("after").hidden = false;
  };

  // The page ------------------------------------------------------------------------------------------------
  for (const input of page.querySelectorAll("input[type=file]")) {
    input.addEventListener("change", () =>
      choose([...input.files].map((file) => [file, nameOf(file.webkitRelativePath || file.name)])));
  }
  const drop = of("drop");
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const dropped = [...event.dataTransfer.items].map((item) => [item.webkitGetAsEntry?.(), item.getAsFile()]);
    try {
      const found = dropped.map(([entry, file]) => (entry ? walk(entry) : file ? [[file, nameOf(file.name)]] : []));
      choose((await Promise.all(found)).flat());
    } catch {
      tell(say("unreadable"));
    }
  });
  if (of("device")) of("device").addEventListener("input", ready);
  of("start").addEventListener("click", start);
  window.addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });
  ready();
})();
