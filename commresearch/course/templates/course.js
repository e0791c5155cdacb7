(function () {
  var course = JSON.parse(document.getElementById("course-data").textContent);

  function each(selector, within, act) { Array.prototype.forEach.call(within.querySelectorAll(selector), act); }
  function fill(text, given, unit) { return text.replace("{given}", function () { return given; }).replace("{unit}", function () { return unit; }); }

  function tell(form, outcome, why, given, unit) {
    var status = form.querySelector("[role=status]");
    form.classList.remove("is-right", "is-wrong");
    form.classList.add(outcome === "right" ? "is-right" : "is-wrong");
    status.textContent = "";
    window.setTimeout(function () { status.textContent = fill(course.verdicts[outcome], given, unit) + why; }, 30); // a text that is the same twice is read twice
  }

  each("form[data-task]", document, function (form) {
    var task = course.tasks[form.dataset.task];
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      if (task.kind === "choice") {
        var chosen = form.querySelector("input:checked");
        if (!chosen) { tell(form, "blank", "", "", ""); return; }
        var option = task.options[Number(chosen.value)];
        tell(form, option.right ? "right" : "wrong", option.why, "", "");
        return;
      }
      var given = form.querySelector("input").value, verdict = courseAnswers.judge(task, given, course);
      tell(form, verdict.outcome, verdict.why, given.trim(), task.label);
    });
  });

  each(".explore", document, function (box) {
    var status = box.querySelector("[role=status]");
    function show() {
      var wanted = [];
      each("fieldset", box, function (set) { wanted.push(set.querySelector("input:checked").value); });
      each(".state", box, function (state) {
        state.hidden = state.dataset.state !== wanted.join("|");
        if (!state.hidden) { status.textContent = state.dataset.text; }
      });
    }
    each("input", box, function (input) { input.addEventListener("change", function () { show(); fit(); }); });
    show();
  });

  // Words in a picture stay readable on a narrow screen: it keeps most of its size, and its box can be scrolled, by the keyboard, too; on a wide one it does not grow out of proportion.
  function fit() {
    each("figure", document, function (figure) {
      each("img", figure, function (picture) {
        if (!picture.naturalWidth) { return; }
        picture.style.minWidth = Math.round(0.8 * picture.naturalWidth) + "px";
        picture.style.maxWidth = Math.round(1.3 * picture.naturalWidth) + "px";
      });
      if (figure.scrollWidth > figure.clientWidth + 1) {
        figure.tabIndex = 0;
        figure.setAttribute("aria-label", course.scrolls);
      } else {
        figure.removeAttribute("tabindex");
        figure.removeAttribute("aria-label");
      }
    });
  }
  window.addEventListener("load", fit);
  window.addEventListener("resize", fit);
})();
