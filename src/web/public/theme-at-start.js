// Before anything is painted: the theme that was chosen here, else the system's.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("safepoint.theme");
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
})();
