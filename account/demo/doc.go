// Package demo is a small world to try Tabferry in: Mozilla accounts on this machine, one account,
// and two living devices on it that answer. Nothing leaves the machine.
//
//	err := demo.Serve(ctx, demo.Params{File: "…/demo.json", Socket: "…/demo.sock"})
//
// runs it until ctx ends or [door.Client.Stop] is called. The file tells the agent where the service is
// ([door.ReadConfig]); the socket takes orders ([door.Dial]): send me a tab, scan my pairing code, report what
// the devices received.
//
// The devices, "Demo phone" and "Demo tablet", are made of the same account client and push client
// that Tabferry itself uses; the service is package accounttest, which is not. A third one, "Demo
// laptop", signs in when it is first asked to show a pairing code ([door.Client.ShowCode]).
//
// The world also plays the owner of the OAuth client: what happens to the account goes to a receiver of
// its own (account/events), where an agent fetches it.
package demo
