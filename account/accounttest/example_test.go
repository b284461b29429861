package accounttest_test

import (
	"fmt"
	"net/url"

	"github.com/tabferry/tabferry/account/accounttest"
)

func ExampleService_Approve() {
	s, err := accounttest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	person := s.NewAccount("person@example.com", "a password")
	ask := url.Values{
		"client_id": {accounttest.ReferenceClientID}, "scope": {"profile"}, "state": {"st4te"}, "access_type": {"offline"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}
	redirect, err := s.Approve(s.URL()+"/authorization?"+ask.Encode(), person)
	if err != nil {
		fmt.Println(err)
		return
	}
	u, err := url.Parse(redirect)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(u.Host, u.Query().Get("state"), len(u.Query().Get("code")))
	// Output: accounts.firefox.com st4te 64
}
