// Package browsers drives real browsers, headless, with the extension in them: Firefox ESR by its
// Marionette port, Chromium by its remote-debugging pipe. Neither needs a driver program of its own.
//
//	f, err := browsers.StartFirefox(ctx, b, browsers.Params{…})
//	id, err := f.Install(ctx, "ui/extension/web")
//	page, err := f.Open(ctx, f.Address("popup.html"))
//	err = page.Click(ctx, "#devices button")
//
// The browsers run in a bare [box.Box]: home, keyring and Tabferry's own folders are private to it, so
// that the browser finds the native-messaging host that `tabferry extension install` put there. How the
// two are driven, and what was measured, is in docs/extension.md.
//
// The tests, with the tag peers, use them against the built program with its demo world.
package browsers
