package push_test

import (
	"context"
	"fmt"

	"github.com/tabferry/tabferry/account/push"
)

func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client, err := push.New(push.Params{
		Store: &memStore{}, // a program keeps this sealed on disk
		Handle: func(_ context.Context, m push.Message) {
			fmt.Printf("%s: %d octets\n", m.Name, len(m.Text))
		},
		Changed: func(_ context.Context, name string, _ push.Subscription) {
			fmt.Println("tell the sender of", name)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() { done <- client.Run(ctx) }()

	// With a network: sub, err := client.Subscribe(ctx, "account")
	// A sender that finds the endpoint dead: client.Renew(ctx, "account")
	// The system has come back from a suspend: client.Wake(push.Resumed)

	cancel()
	fmt.Println("ended with", <-done)
	// Output: ended with <nil>
}
