// Package accounttest runs Mozilla accounts in one process, for tests and
// demonstrations, in the manner of net/http/httptest.
package accounttest
