// Package agent is the engine of Tabferry: it owns one [account.Account], the sealed store, the push
// connection, what was received and what is to be sent, and serves all of it to the faces through
// [localapi]. It shows nothing and opens no window.
//
//	a, err := agent.New(agent.Params{DataDir: dir, Version: version, Secrets: store.SystemSecrets{}, …})
//	l, err := localapi.Listen(ctx, socket)
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
//
// # Parts
//
// The package itself only wires ([New], work.go) and hands each call to the part that owns it
// (calls.go). Every part is a package of its own below it. Its Params lists all it may touch: small
// interfaces of the account, functions for what others are to hear, never another part. Whoever wakes
// a part does so through the function that stands here.
//
//	part          owns                                   woken by                              writes
//	storage       the sealed file, its key, its life     a start, unlock, protect, sign-out    when created, moved or deleted
//	board         the snapshot faces see, refusals       every part                            never
//	settings      chosen settings, memory, quiet time    a call; the end of a silence          on each change
//	people        whose data it is, who left             the account's observer; a day          when somebody comes or leaves
//	deletion      does the account still exist           a suspicion; an ended sign-in          an open question
//	inbox         received entries, opening by rule      the account's saver; a call           with the account's state; on each edit
//	callers       extensions: decisions, counts          a call; a little after a send          on a decision; the counts later
//	outbox        sent entries, the sender               Send, Retry; due time; network        before and after each attempt
//	roster        devices, clients, profile, picture     Mark; 15 minutes; a face that looks    a picture, when fetched
//	subscription  push subscription and device record    sign-in; the push service; own record the push client's state
//	poller        when to ask for commands               an announcement; Mark; its interval   never (the account saves)
//	signin        the browser's sign-in, account state   a call; the account's observer        never
//	pairing       pairing by code, both sides            a call; the pairing channel           never
//	contact       online, back-off                       the end of each call; of a wait       never
//	authcheck     is the sign-in still good              a doubt; a degraded state             never
//	signals       what the server tells relying parties  a resume; a day; its interval         the last event's index
//	revoker       sign-out, revocations, forgetting      a sign-out; due time; network         what is put aside for another service
//	diagnostics   the log without secrets, the report    every log line; a call                never
//	worker        one goroutine per kind of work, rests  Poke; the time its work asked for     never
//
// Beside them stand localapi, the door for faces, and wake, which hears of network changes and resume.
//
// Two hooks keep everything in step, so that nobody has to remember to look: the account tells each
// change of its state (signin shows it, and what it asks for begins) and the end of each remote call
// (contact shows it, and may doubt the sign-in).
package agent
