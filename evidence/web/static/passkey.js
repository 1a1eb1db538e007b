// Lets the browser make or use a passkey, and sends what it answers with the form around the button.
// data-ask: "create" or "get"; data-options: what the service asks, as JSON (WebAuthn Level 3, 5.1.8 to 5.1.10).
"use strict";

for (const form of document.querySelectorAll("form[data-ask]")) {
  form.addEventListener("submit", async (event) => {
    if (form.elements.answer.value) return;
    event.preventDefault();
    const failed = form.querySelector("[data-failed]");
    failed.hidden = true;
    try {
      const asked = JSON.parse(form.dataset.options);
      const made = form.dataset.ask === "create"
        ? await navigator.credentials.create({
            publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
        : await navigator.credentials.get({
            publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
      form.elements.answer.value = JSON.stringify(made.toJSON());
    } catch {
      failed.hidden = false; // refused, too late, or no such thing in this browser: nothing was sent
      return;
    }
    form.requestSubmit();
  });
}
