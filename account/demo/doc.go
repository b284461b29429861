// Package demo is a small world to try Tabferry in: Mozilla accounts on this machine, one account,
// and two living devices on it that answer. Nothing leaves the machine.
//
//	err := demo.Serve(ctx, demo.Params{File: "…/demo.json", Socket: "…/demo.sock"})
//
// runs it until ctx ends or [Client.Stop] is called. The file tells the agent where the service is
// ([ReadConfig]); the socket takes orders ([Dial]): send me a tab, scan my pairing code, report what
// the devices received.
//
// The devices, "Demo phone" and "Demo tablet", are made of the same account client and push client
// that Tabferry itself uses; the service is package accounttest, which is not. A third one, "Demo
// laptop", signs in when it is first asked to show a pairing code ([Client.ShowCode]).
package demo
