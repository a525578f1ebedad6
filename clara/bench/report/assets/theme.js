// The theme button: as the system, light, dark.
const themes = ["system", "light", "dark"];
const themeButton = document.getElementById("theme");

function remembered() {
  try {
    return localStorage.getItem("clara-theme");
  } catch {
    return null; // storage may be off for files
  }
}

function applyTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  themeButton.textContent = `Theme: ${theme === "system" ? "as the system" : theme}`;
  try {
    localStorage.setItem("clara-theme", theme);
  } catch {
    // the choice then lasts as long as the page
  }
}

let theme = themes.includes(remembered()) ? remembered() : "system";
applyTheme(theme);
themeButton.hidden = false;
themeButton.addEventListener("click", () => {
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  applyTheme(theme);
});
