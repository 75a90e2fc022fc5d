// What readers and raters share: the player of frames or of the video, and measuring time.
window.study = (function () {
  "use strict";
  function byId(id) { return document.getElementById(id); }

  // ---- the time something takes, without that in which the page was hidden ------------------
  function watch() {
    var begun = performance.now(), spent = 0, running = !document.hidden;
    document.addEventListener("visibilitychange", function () {
      if (document.hidden && running) { spent += performance.now() - begun; running = false; }
      else if (!document.hidden && !running) { begun = performance.now(); running = true; }
    });
    return {
      restart: function () { spent = 0; begun = performance.now(); },
      seconds: function () { return (spent + (running ? performance.now() - begun : 0)) / 1000; }
    };
  }

  // ---- saving: told only when it is on the disk, tried again when it is not ------------------
  function save(address, body) {
    return fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body)
    }).then(function (answer) {
      if (answer.ok) { return answer.json(); }
      return answer.text().then(function (words) { throw new Error(words.slice(0, 300)); });
    });
  }

  // ---- the player ---------------------------------------------------------------------------
  var stage = byId("stage"), controls = byId("controls"), play = byId("play"), at = byId("at");
  var time = byId("time"), speed = byId("speed"), sound = byId("sound"), seen = byId("seen");
  var player = { toggle: function () {}, step: function () {}, start: function () {}, time: function () { return null; } };

  function notify(words) {
    var line = document.createElement("p");
    line.setAttribute("role", "status");
    line.textContent = words;
    stage.replaceChildren(line);
  }

  function frames(facts) {
    var now = 0, timer = null, begun = 0, from = 0;
    // Nothing is cached, so each picture is an element of its own, loaded once.
    var pictures = facts.times.map(function (moment, number) {
      var picture = new Image(facts.width, facts.height);
      picture.src = stage.dataset.frames.replace("NUMBER", number);
      picture.alt = "Frame " + (number + 1) + " of " + facts.times.length + ", at " + moment.toFixed(2) + " seconds";
      return picture;
    });
    function show(number) {
      now = Math.max(0, Math.min(facts.times.length - 1, number));
      stage.replaceChildren(pictures[now]);
      at.value = now;
      time.textContent = facts.times[now].toFixed(2) + " s";
      at.setAttribute("aria-valuetext", time.textContent);
    }
    function pause() {
      window.clearInterval(timer);
      timer = null;
      sound.pause();
      play.textContent = "Play";
      play.setAttribute("aria-pressed", "false");
    }
    function tick() {
      var moment = from + (performance.now() - begun) / 1000 * Number(speed.value), next = now;
      while (next + 1 < facts.times.length && facts.times[next + 1] <= moment) { next += 1; }
      if (next !== now) { show(next); }
      if (next + 1 >= facts.times.length && moment >= facts.seconds) { pause(); }
    }
    function run() {
      if (now + 1 >= facts.times.length) { show(0); }
      from = facts.times[now];
      begun = performance.now();
      timer = window.setInterval(tick, 30);
      play.textContent = "Pause";
      play.setAttribute("aria-pressed", "true");
      if (facts.sound) {
        sound.currentTime = from;
        sound.playbackRate = Number(speed.value);
        sound.play().catch(function () { seen.textContent = "The sound could not be played."; });
      }
    }
    player = {
      toggle: function () { if (timer) { pause(); } else { run(); } },
      step: function (by) { pause(); show(now + by); },
      start: function () { pause(); show(0); },
      time: function () { return facts.times[now]; }
    };
    at.max = facts.times.length - 1;
    at.addEventListener("input", function () { pause(); show(Number(at.value)); });
    speed.addEventListener("change", function () { if (timer) { pause(); run(); } });
    play.addEventListener("click", function () { player.toggle(); });
    controls.hidden = false;
    seen.textContent = facts.times.length + " frames of " + facts.seconds.toFixed(1) + " s" + (facts.sound ? ", with sound" : "") + ".";
    show(0);
  }

  function soundAlone(facts) {
    notify("There is nothing to see here, only to hear.");
    sound.hidden = false;
    sound.controls = true;
    player = {
      toggle: function () { if (sound.paused) { sound.play(); } else { sound.pause(); } },
      step: function (by) { sound.currentTime += by; },
      start: function () { sound.currentTime = 0; },
      time: function () { return sound.currentTime; }
    };
    seen.textContent = facts.seconds.toFixed(1) + " s of sound.";
  }

  function video(facts) {
    var film = document.createElement("video");
    film.id = "film";
    film.controls = true;
    film.preload = "metadata";
    film.muted = stage.dataset.hears === "no";
    function use(address) {
      film.src = address;
      stage.replaceChildren(film);
      seen.textContent = "The whole video, " + facts.seconds.toFixed(0) + " s.";
    }
    player = {
      toggle: function () { if (film.paused) { film.play(); } else { film.pause(); } },
      step: function (by) { film.pause(); film.currentTime = Math.max(0, film.currentTime + by); },
      start: function () { film.currentTime = 0; },
      time: function () { return film.currentTime; }
    };
    film.addEventListener("error", function () { notify("This browser does not play the video."); });
    if (!facts.converts) { use(stage.dataset.media + facts.video); return; }
    (function look(method) {
      fetch(stage.dataset.conversion + facts.video, { method: method }).then(function (a) { return a.json(); }).then(function (state) {
        if (state.state === "ready") { use(stage.dataset.converted + facts.video); }
        else if (state.state === "failed") { notify("The video could not be converted for this browser."); }
        else {
          notify("Converting the video for this browser: " + Math.round(100 * state.done) + " %");
          window.setTimeout(look, 500, "GET");
        }
      });
    })("POST");
  }

  if (stage) {
    fetch(stage.dataset.shown).then(function (answer) { return answer.json(); }).then(function (facts) {
      if (facts.failure) {
        notify(facts.failure + ".");
        if (byId("unshown")) { byId("unshown").hidden = false; }
        return;
      }
      if (facts.sound) { sound.src = stage.dataset.shown + "/sound"; }
      if (facts.video) { video(facts); } else if (facts.times.length) { frames(facts); } else { soundAlone(facts); }
      document.body.classList.add("is-shown");
    }).catch(function () { notify("The recording could not be loaded. Reload the page; nothing is lost."); });
  }

  // ---- keys that readers and raters share -----------------------------------------------------
  function writes(target) { return target.matches("textarea, input[type=text], select"); }
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey) { return; }
    if (writes(event.target)) {
      if (event.key === "Escape") { event.target.blur(); }
      return;
    }
    var onButton = event.target.matches("button, a, summary, video, audio");
    if (event.key === " " && !onButton) { player.toggle(); }
    else if (event.key === "ArrowLeft" && event.target !== at) { player.step(-1); }
    else if (event.key === "ArrowRight" && event.target !== at) { player.step(1); }
    else if (event.key === "Home" && event.target !== at) { player.start(); }
    else if (event.key === "[" && byId("previous")) { byId("previous").click(); }
    else if (event.key === "]" && byId("next")) { byId("next").click(); }
    else { return; }
    event.preventDefault();
  });

  return { watch: watch, save: save, writes: writes, time: function () { return player.time(); } };
})();
