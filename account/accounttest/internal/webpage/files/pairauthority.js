(() => {
  const channel_id = document.currentScript.dataset.channel;
  const status = document.getElementById("status");
  const approve = document.getElementById("approve");
  const decline = document.getElementById("decline");
  const say = (text) => { status.textContent = text; };
  const finish = (text) => { approve.hidden = decline.hidden = true; say(text); };
  const second = () => new Promise((wake) => setTimeout(wake, 1000));
  async function show() {
    const about = await accountChannel("fxaccounts:pair_supplicant_metadata", { channel_id });
    const list = document.getElementById("supplicant");
    for (const [name, value] of [["Device", about.ua], ["Place", [about.city, about.region, about.country].filter(Boolean).join(", ")], ["Address", about.ipAddress]]) {
      if (!value) continue;
      const term = document.createElement("dt"), text = document.createElement("dd");
      term.textContent = name;
      text.textContent = value;
      list.append(term, text);
    }
  }
  async function authorize() {
    approve.disabled = true;
    await accountChannel("fxaccounts:pair_authorize", { channel_id });
    say("Now confirm on the other device.");
    for (;;) {
      const beat = await accountChannel("fxaccounts:pair_heartbeat", { channel_id });
      if (beat.err) throw new Error("The other device went away.");
      if (beat.suppAuthorized) break;
      await second();
    }
    await accountChannel("fxaccounts:pair_complete", { channel_id });
    document.documentElement.dataset.paired = channel_id;
    finish("The device is connected. You can close this tab.");
  }
  const fail = (problem) => finish(problem.message);
  approve.addEventListener("click", () => authorize().catch(fail));
  decline.addEventListener("click", () => accountChannel("fxaccounts:pair_decline", { channel_id }).then(() => finish("Declined."), fail));
  show().catch(fail);
})();
