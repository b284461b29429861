package accounttest

import "github.com/tabferry/tabferry/account/accounttest/internal/journal"

// Request is one request the service received.
type Request = journal.Request

// Requests lists what the service received so far, pages included, in order of
// arrival (the newest twenty thousand). Push and pairing sockets are not in it.
// With routes given, only those, in the form of Request.Route.
func (s *Service) Requests(routes ...string) []Request { return s.log.Requests(routes...) }

// ForgetRequests empties the list of requests.
func (s *Service) ForgetRequests() { s.log.Forget() }
