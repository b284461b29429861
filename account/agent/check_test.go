package agent_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// What lies below the newest entries is not looked at while somebody waits for a start, and soon after it: what is
// damaged there is said then.
func TestInboxIsCheckedAfterTheStart(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		const tabs = 60
		desk := w.station("Desk", w.inBubble).run().signIn()
		phone := w.station("Phone", w.inBubble).run().signIn()
		to := phone.alertable("Desk")
		for range tabs {
			phone.send(to, "https://example.com/page", "")
		}
		rest(time.Minute)
		desk.end()
		desk.edit(func(tx *bbolt.Tx) error {
			return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
				if !strings.HasSuffix(string(name), "/inbox") {
					return nil
				}
				oldest, sealed := b.Cursor().First()
				damaged := bytes.Clone(sealed)
				damaged[len(damaged)/2] ^= 1
				return b.Put(bytes.Clone(oldest), damaged)
			})
		})
		if s := desk.run().snapshot(); s.Storage.Damaged != 0 || s.Inbox.Total != tabs {
			t.Errorf("at once: %d damaged, %d entries", s.Storage.Damaged, s.Inbox.Total)
		}
		rest(3 * time.Second)
		if s := desk.snapshot(); s.Storage.Damaged != 1 || s.Inbox.Total != tabs-1 || s.Inbox.Unread != tabs-1 {
			t.Errorf("soon after: %d damaged, %d entries, %d unread", s.Storage.Damaged, s.Inbox.Total, s.Inbox.Unread)
		}
	})
}
