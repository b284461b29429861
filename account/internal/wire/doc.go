// Package wire speaks HTTP with a Mozilla accounts service: one method per
// endpoint, with the request and the members of the answer as Go types. It
// keeps no account state; credentials are handed in with every call.
//
// # What every call obeys
//
//   - https only, except towards loopback.
//   - A request body is at most 16384 octets, the limit of the server; a larger
//     one is refused before anything is sent ([SizeError]).
//   - Answers are read up to a cap; a request lives at most [RequestTimeout].
//   - The HTTP status decides, the errno in the body explains. Which of the three
//     number spaces an errno belongs to follows from the route ([Space];
//     docs/protocol/errno.md §1).
//   - After a 429 or 503 that says how long to wait, every further call to the
//     same service ([Base]) fails at once with a [BackoffError] until then.
//   - Redirects are followed for discovery only. An API call that is redirected,
//     or answered with something that is not JSON, met a proxy or a captive
//     portal: [StatusError] with Foreign set.
//   - No error text holds a token, a code, an address with a query, or anything
//     from an error body; bodies may echo e-mail addresses and request headers.
//
// # Failures
//
// [StatusError] for an answer other than success, [BackoffError], [SizeError],
// [TransportError] when no whole answer came, [AnswerError] when a success
// could not be understood, [InsecureError] for plain http. A context that ended
// is returned as its cause.
package wire
