// Starts the page. Kept in a file of its own, so that the security policy needs no inline script.
import init from "./leftfold.js";

// The theme that was chosen, before anything is painted; the system's otherwise.
try {
  const theme = localStorage.getItem("leftfold/theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's theme serves.
}

init({ module_or_path: "./leftfold_bg.wasm" }).catch((error) => {
  const place = document.querySelector(".loading");
  if (place) place.textContent = `Leftfold could not start: ${error.message}. A current browser with WebAssembly is needed.`;
});
