// The viewer's script: jumping to moments, following a run, converting, single keys.
(function () {
  "use strict";
  var screen_ = document.getElementById("screen");
  var player = document.getElementById("player");
  var strip = document.getElementById("strip");
  var seconds = screen_ ? Number(screen_.dataset.seconds) : 0;
  var show = null; // shows a moment: the player's, or the strip of frames'

  // ---- where the video is, on every timeline -------------------------------------------------
  var heads = Array.prototype.slice.call(document.querySelectorAll(".timeline .head"));
  function place(time) {
    if (!heads.length || !seconds) { return; }
    var at = (100 * Math.min(time, seconds) / seconds).toFixed(3) + "%";
    heads.forEach(function (head) { head.setAttribute("x1", at); head.setAttribute("x2", at); });
    document.body.classList.add("has-head");
  }

  // ---- the player ----------------------------------------------------------------------------
  function usePlayer(video) {
    player = video;
    show = function (time) {
      if (video.readyState >= 1) { video.currentTime = time; place(time); return; }
      video.addEventListener("loadedmetadata", function () { video.currentTime = time; }, { once: true });
    };
    var moving = false;
    function follow() {
      place(video.currentTime);
      if (!video.paused && !video.ended) { window.requestAnimationFrame(follow); } else { moving = false; }
    }
    video.addEventListener("play", function () { if (!moving) { moving = true; follow(); } });
    video.addEventListener("timeupdate", function () { place(video.currentTime); });
    video.addEventListener("seeking", function () { place(video.currentTime); });
    video.addEventListener("error", function () {
      var words = document.getElementById("unplayed");
      if (words) {
        words.hidden = false;
        words.textContent = "This browser does not play the file" + (video.error && video.error.message ? " (" + video.error.message + ")" : "") + ". Chromium and Firefox play H.264, VP8, VP9 and AV1.";
      }
    });
  }
  if (player) { usePlayer(player); }

  // ---- frames with their times, where nothing can be played -----------------------------------
  function useStrip() {
    var image = strip.querySelector("img"), range = strip.querySelector("input"), out = strip.querySelector("output");
    fetch(strip.dataset.address).then(function (answer) { return answer.json(); }).then(function (facts) {
      if (!facts.times.length) { out.textContent = facts.error || "no frames"; return; }
      function at(number) {
        image.hidden = false;
        image.src = strip.dataset.address + "/" + number + ".jpg";
        image.alt = "Frame at " + facts.times[number].toFixed(2) + " s";
        out.textContent = facts.times[number].toFixed(2) + " s (frame " + (number + 1) + " of " + facts.times.length + ")";
        range.value = number;
        place(facts.times[number]);
      }
      range.max = facts.times.length - 1;
      range.addEventListener("input", function () { at(Number(range.value)); });
      show = function (time) {
        var best = 0;
        facts.times.forEach(function (t, i) { if (Math.abs(t - time) < Math.abs(facts.times[best] - time)) { best = i; } });
        at(best);
      };
      at(0);
      fromHash();
    });
    var button = document.getElementById("convert"), words = document.getElementById("converting");
    function look() {
      fetch(button.dataset.address).then(function (a) { return a.json(); }).then(showConversion);
    }
    function showConversion(state) {
      if (state.state === "working") {
        button.disabled = true;
        words.textContent = "Converting: " + Math.round(100 * state.done) + " %";
        window.setTimeout(look, 500);
      } else if (state.state === "ready") {
        ready(state.words);
      } else if (state.state === "failed") {
        button.disabled = false;
        words.textContent = "Could not be converted: " + state.words;
      }
    }
    function ready(wording) {
      var video = document.createElement("video");
      video.id = "player"; video.controls = true; video.src = button.dataset.file;
      strip.replaceWith(video);
      button.hidden = true;
      words.textContent = "Playing a temporary conversion: " + wording + ". It is removed when the viewer ends.";
      usePlayer(video);
      fromHash();
    }
    button.addEventListener("click", function () {
      fetch(button.dataset.address, { method: "POST" }).then(function (a) { return a.json(); }).then(showConversion);
    });
    look();
  }
  if (strip) { useStrip(); }

  // ---- jumping -------------------------------------------------------------------------------
  function jump(time) { if (show) { show(Math.max(0, time)); } }
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-time]");
    if (button) { jump(Number(button.dataset.time)); return; }
    var line = event.target.closest(".timeline");
    if (line && seconds) {
      var box = line.getBoundingClientRect();
      jump(seconds * (event.clientX - box.left) / box.width);
    }
  });
  function fromHash() {
    var match = /^#t=([0-9.]+)$/.exec(window.location.hash);
    if (match) { jump(Number(match[1])); }
  }
  window.addEventListener("hashchange", fromHash);
  fromHash();

  // ---- findings that an address names are opened ----------------------------------------------
  function openNamed() {
    var named = window.location.hash.slice(1) && document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
    if (named && named.tagName === "DETAILS") { named.open = true; named.scrollIntoView(); }
  }
  window.addEventListener("hashchange", openNamed);
  openNamed();
  var all = document.getElementById("open-all");
  if (all) {
    all.addEventListener("click", function () {
      var open = all.getAttribute("aria-pressed") !== "true";
      document.querySelectorAll("details.finding").forEach(function (one) { one.open = open; });
      all.setAttribute("aria-pressed", String(open));
      all.textContent = open ? "Fold all" : "Open all";
    });
  }

  var differing = document.getElementById("only-differing");
  if (differing) {
    differing.addEventListener("click", function () {
      var only = document.body.classList.toggle("only-differing");
      differing.setAttribute("aria-pressed", String(only));
      differing.textContent = only ? "All findings" : "Only those that differ";
    });
  }

  // ---- a run in progress ---------------------------------------------------------------------
  document.querySelectorAll("[data-follow]").forEach(function (one) {
    function look() {
      fetch(one.dataset.follow).then(function (a) { return a.json(); }).then(function (p) {
        one.querySelector(".state").textContent = p.state;
        one.querySelector(".counts").textContent = p.stored + " of " + (p.planned || "?") + " answers, " + p.failed + " failed";
        one.querySelector("progress").value = p.share;
        if (p.state === "in progress") { window.setTimeout(look, 3000); }
        else if (p.state === "finished") { one.querySelector(".counts").textContent += ". Load the page again to see its findings."; }
      }).catch(function () { one.querySelector(".state").textContent = "the viewer does not answer"; });
    }
    window.setTimeout(look, 3000);
  });

  // ---- filters apply as they are chosen -------------------------------------------------------
  document.querySelectorAll("form.filter select").forEach(function (one) {
    one.addEventListener("change", function () { one.form.requestSubmit(); });
  });

  // ---- without a server the list is filtered here ----------------------------------------------
  var here = document.getElementById("here");
  if (here) {
    var rows = Array.prototype.slice.call(document.querySelectorAll("#videos tbody tr"));
    here.addEventListener("submit", function (event) { event.preventDefault(); });
    document.getElementById("search").addEventListener("input", function (event) {
      var wanted = event.target.value.toLowerCase(), left = 0;
      rows.forEach(function (row) {
        var text = (row.textContent + " " + row.dataset.text.replace(/_/g, " ")).toLowerCase();
        row.hidden = text.indexOf(wanted) < 0;
        left += row.hidden ? 0 : 1;
      });
      document.getElementById("count").textContent = left + " of " + rows.length + " videos.";
    });
  }

  // ---- single keys ---------------------------------------------------------------------------
  var keys = document.getElementById("keys");
  if (keys) {
    keys.checked = window.sessionStorage.getItem("keys") !== "off";
    keys.addEventListener("change", function () { window.sessionStorage.setItem("keys", keys.checked ? "on" : "off"); });
  }
  function goTo(relation) {
    var link = document.querySelector("a[rel='" + relation + "']");
    if (link) { link.click(); }
  }
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, textarea, select")) { return; }
    if (keys && !keys.checked) { return; }
    if (event.key === "/") {
      var search = document.getElementById("search");
      if (search) { event.preventDefault(); search.focus(); }
    }
    if (!keys) { return; }
    if (event.key === "n") { goTo("next"); }
    if (event.key === "p") { goTo("prev"); }
    if (!player || !player.duration) { return; }
    if (event.key === "k") { if (player.paused) { player.play(); } else { player.pause(); } }
    if (event.key === "j") { jump(player.currentTime - 5); }
    if (event.key === "l") { jump(player.currentTime + 5); }
    if (event.key === ",") { jump(player.currentTime - 0.04); }
    if (event.key === ".") { jump(player.currentTime + 0.04); }
  });
})();
