(() => {
  const status = document.getElementById("status");
  const say = (text) => { status.textContent = text; };
  async function signIn(form) {
    say("Signing in…");
    const reply = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" } });
    const answer = await reply.json();
    if (!reply.ok) throw new Error(answer.message || "The sign-in was refused.");
    const allowed = await accountChannel("fxaccounts:can_link_account", { email: answer.login.email, uid: answer.login.uid });
    if (allowed.ok === false) throw new Error("The browser keeps its other account.");
    await accountChannel("fxaccounts:login", answer.login);
    await accountChannel("fxaccounts:oauth_login", answer.oauth);
    document.documentElement.dataset.signedIn = answer.login.uid;
    for (const f of document.forms) f.hidden = true;
    say("You are signed in. You can close this tab.");
  }
  const start = (form) => signIn(form).catch((problem) => say(problem.message));
  for (const form of document.forms) {
    form.addEventListener("submit", (event) => { event.preventDefault(); start(form); });
  }
  accountChannel("fxaccounts:fxa_status", { service: "sync", context: "oauth_webchannel_v1", isPairing: false })
    .catch(() => say("This page works inside Firefox only."))
    .then(() => { const auto = document.querySelector("form[data-auto]"); if (auto) start(auto); });
})();
