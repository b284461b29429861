//go:build race

package account_test

// Under the race detector the matrix meets each status and class once in each space, not each number of them:
// numbers differ in what a table says of them, and what the calls then do side by side comes of status and class.
// All numbers are met without it.
func init() {
	for space, all := range refusals {
		met := map[refusal]bool{}
		var some []refusal
		for _, r := range all {
			kind := refusal{status: r.status, class: r.class}
			if !met[kind] {
				met[kind], some = true, append(some, r)
			}
		}
		refusals[space] = some
	}
}
