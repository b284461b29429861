package account_test

import (
	"context"
	"fmt"
	"net/url"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// stage is a service in this process, in the place of Mozilla's, for the examples.
func stage() (service *accounttest.Service, owner *accounttest.Account, end func()) {
	service, err := accounttest.Start()
	if err != nil {
		panic(err)
	}
	return service, service.NewAccount("person@example.com", "a password"), func() {
		if err := service.Close(); err != nil {
			panic(err)
		}
	}
}

// open makes an account that is signed out.
func open(service *accounttest.Service, opts ...account.Option) *account.Account {
	a, err := account.New(account.Config{
		Server:      account.CustomServer(service.URL()),
		ClientID:    accounttest.ReferenceClientID,
		RedirectURI: "https://accounts.firefox.com/oauth/success/" + accounttest.ReferenceClientID,
	}, opts...)
	if err != nil {
		panic(err)
	}
	return a
}

// signIn goes through the page on behalf of the person.
func signIn(ctx context.Context, service *accounttest.Service, owner *accounttest.Account, a *account.Account) {
	page, err := a.BeginOAuthFlow(ctx, []string{account.ScopeProfile, account.ScopeOldSync}, "example")
	if err != nil {
		panic(err)
	}
	final, err := service.Approve(page, owner)
	if err != nil {
		panic(err)
	}
	u, err := url.Parse(final)
	if err != nil {
		panic(err)
	}
	if err := a.CompleteOAuthFlow(ctx, u.Query().Get("code"), u.Query().Get("state")); err != nil {
		panic(err)
	}
}

// keep is a Saver. A real one seals the state and writes it to disk.
type keep struct{ state []byte }

func (k *keep) Save(_ context.Context, state []byte, received []account.IncomingCommand) error {
	k.state = state
	if len(received) > 0 {
		fmt.Println("saved together with the state:", len(received))
	}
	return nil
}

// Signing in, asking who it is, and signing out.
func Example_signIn() {
	service, owner, end := stage()
	defer end()
	ctx := context.Background()

	a := open(service, account.WithSaver(new(keep)))
	defer a.Close()
	page, err := a.BeginOAuthFlow(ctx, []string{account.ScopeProfile}, "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	// A browser shows the page; the person agrees; the browser is sent to the
	// redirect address.
	final, err := service.Approve(page, owner)
	if err != nil {
		fmt.Println(err)
		return
	}
	redirect, err := url.Parse(final)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := a.CompleteOAuthFlow(ctx, redirect.Query().Get("code"), redirect.Query().Get("state")); err != nil {
		fmt.Println(err)
		return
	}
	profile, err := a.Profile(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.AuthState(), profile.Email)
	if err := a.Disconnect(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.AuthState())
	// Output:
	// Connected person@example.com
	// Disconnected
}

// Sending a tab to the first device that takes one.
func ExampleAccount_SendTab() {
	service, owner, end := stage()
	defer end()
	ctx := context.Background()
	phone := open(service)
	defer phone.Close()
	signIn(ctx, service, owner, phone)
	if _, err := phone.InitializeDevice(ctx, "Phone", account.DeviceMobile, []account.Capability{account.CapabilitySendTab}); err != nil {
		fmt.Println(err)
		return
	}

	laptop := open(service)
	defer laptop.Close()
	signIn(ctx, service, owner, laptop)
	devices, err := laptop.Devices(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range devices {
		if d.IsCurrentDevice || len(d.Capabilities) == 0 {
			continue
		}
		delivery, err := laptop.SendTab(ctx, d.ID, "Example", "https://example.com/")
		fmt.Printf("%s: accepted %t, alerted %t\n", d.DisplayName, err == nil, delivery.Notified)
	}
	// Output:
	// Phone: accepted true, alerted false
}

// Receiving tabs. The saver gets them in the same call as the state that counts them
// as received.
func ExampleAccount_PollCommands() {
	service, owner, end := stage()
	defer end()
	ctx := context.Background()
	laptop := open(service, account.WithSaver(new(keep)))
	defer laptop.Close()
	signIn(ctx, service, owner, laptop)
	own, err := laptop.InitializeDevice(ctx, "Laptop", account.DeviceDesktop, []account.Capability{account.CapabilitySendTab})
	if err != nil {
		fmt.Println(err)
		return
	}
	phone := open(service)
	defer phone.Close()
	signIn(ctx, service, owner, phone)
	if _, err := phone.SendTab(ctx, own.ID, "Example", "https://example.com/"); err != nil {
		fmt.Println(err)
		return
	}

	commands, err := laptop.PollCommands(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range commands {
		switch c := c.(type) {
		case *account.TabReceived:
			page, _ := c.Payload.Page()
			fmt.Println("received", page.URL)
		case *account.TabsClosed:
			fmt.Println("asked to close", len(c.Payload.URLs))
		case *account.UnreadableCommand:
			fmt.Println("could not be read")
		}
	}
	// Output:
	// saved together with the state: 1
	// received https://example.com/
}
