"use strict";
// The browser's half of WebAuthn: options in, the key's answer out, as JSON in a form that is sent like any other.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const credentials = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

async function ask(ceremony, options) {
  const publicKey = { ...options, challenge: bytes(options.challenge) };
  if (ceremony === "create") {
    publicKey.user = { ...options.user, id: bytes(options.user.id) };
    publicKey.excludeCredentials = credentials(options.excludeCredentials);
    return navigator.credentials.create({ publicKey });
  }
  publicKey.allowCredentials = credentials(options.allowCredentials);
  return navigator.credentials.get({ publicKey });
}

function answerOf(credential) {
  const given = credential.response;
  const response = { clientDataJSON: text(given.clientDataJSON) };
  if (given.attestationObject) {
    response.attestationObject = text(given.attestationObject);
  } else {
    response.authenticatorData = text(given.authenticatorData);
    response.signature = text(given.signature);
    if (given.userHandle) response.userHandle = text(given.userHandle);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
}

for (const form of document.querySelectorAll("form.security-key")) {
  const status = form.querySelector("[role=status]");
  form.addEventListener("submit", async (event) => {
    if (form.elements.response.value) return;
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    status.textContent = "Touch your security key when it blinks.";
    try {
      form.elements.response.value = answerOf(await ask(form.dataset.ceremony, JSON.parse(form.dataset.options)));
      form.submit();
    } catch (error) {
      status.textContent =
        error.name === "InvalidStateError"
          ? "This key is registered already."
          : "The security key gave no answer. Try again, or use another way.";
      button.disabled = false;
    }
  });
}
