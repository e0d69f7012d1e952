/* Managers' pages without Dash: logging out. */
document.getElementById("leave").addEventListener("click", async (event) => {
  await fetch("/logout", { method: "POST", headers: { "X-CSRF": event.target.dataset.csrf } });
  window.location.assign("/login");
});
