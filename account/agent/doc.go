// Package agent is the engine of Tabferry: it owns one [account.Account], the sealed store, the push
// connection, what was received and what is to be sent, and serves all of it to the faces through
// [localapi]. It shows nothing and opens no window.
//
//	a, err := agent.New(agent.Params{DataDir: dir, Version: version, Secrets: store.SystemSecrets{}, …})
//	l, err := localapi.Listen(socket)
//	go localapi.Serve(ctx, l, a, logger)
//	err = a.Run(ctx) // until ctx ends or a face calls Quit
//
// What it promises:
//
//   - A tab that arrives is written, together with the account state that counts it as handled, in
//     one transaction, before anybody hears of it: a crash loses nothing and shows nothing twice.
//   - A tab that leaves is written first and sent then, in order for each device. Nothing is called
//     accepted before the server said so. A send whose answer was lost is repeated and marked.
//   - There is one owner of the state. Faces get snapshots and events, and ask for changes by calls.
//   - While nothing happens it does nothing: no timer below minutes, no goroutine that spins.
//   - No token, key, code, e-mail address or query of a URL is in any error or log line.
package agent
