package reader

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func node(id int, name string, states State, children ...*Node) *Node {
	return &Node{ID: id, Role: Label, Name: name, States: states, Children: children}
}

// told says changes in short.
func told(before, now *Node) (list []string) {
	for _, c := range Changes(before, now) {
		words := fmt.Sprint(c.Kind, " ", c.Node.ID)
		switch c.Kind {
		case Added, Removed:
			words += fmt.Sprint(" below ", c.Parent.ID, " at ", c.Index)
		case Switched:
			words += fmt.Sprint(" ", c.States, " to ", c.Node.States&c.States)
		case Typed:
			words += fmt.Sprintf(" %q to %q", c.Before, c.Node.Text)
		}
		list = append(list, words)
	}
	return list
}

func TestChanges(t *testing.T) {
	say := &Node{ID: 2, Role: Notification, Name: "Sent"}
	for _, test := range []struct {
		name        string
		before, now *Node
		want        []string
	}{
		{"nothing", node(0, "a", Active, node(1, "b", 0)), node(0, "a", Active, node(1, "b", 0)), nil},
		{"a name", node(0, "a", 0, node(1, "b", 0)), node(0, "a", 0, node(1, "c", 0)), []string{"renamed 1"}},
		{
			"one goes with what is below it, another comes",
			node(0, "a", 0, node(1, "b", 0, node(2, "c", 0))), node(0, "a", 0, node(3, "d", 0, node(4, "e", 0))),
			[]string{"removed 1 below 0 at 0", "added 3 below 0 at 0"},
		},
		{
			"one moves", node(0, "a", 0, node(1, "b", 0, node(2, "c", 0))), node(0, "a", 0, node(1, "b", 0), node(2, "c", 0)),
			[]string{"removed 2 below 1 at 0", "added 2 below 0 at 1"},
		},
		{
			"the focus is told last, and that it has gone before",
			node(0, "a", 0, node(1, "b", 0), node(2, "c", Focused)), node(0, "a", 0, node(1, "b", Focused), node(2, "d", 0)),
			[]string{"renamed 2", "switched 2 4 to 0", "switched 1 4 to 4"},
		},
		{
			"something new has the focus", node(0, "a", 0), node(0, "a", 0, node(1, "b", Focused)),
			[]string{"added 1 below 0 at 0", "switched 1 4 to 4"},
		},
		{"a message comes", node(0, "a", 0), node(0, "a", 0, say), []string{"added 2 below 0 at 0", "appeared 2"}},
		{
			"a message says something else", node(0, "a", 0, &Node{ID: 2, Role: Notification, Name: "Sending"}), node(0, "a", 0, say),
			[]string{"appeared 2", "renamed 2"},
		},
		{"a message stays", node(0, "a", 0, say), node(0, "a", 0, say), nil},
		{
			"letters", &Node{Text: "ab", Caret: 2}, &Node{Text: "abc", Caret: 3, Hint: "x"},
			[]string{"hinted 0", `typed 0 "ab" to "abc"`, "moved 0"},
		},
		{
			"window and box", node(0, "a", 0, node(1, "b", Checkable)), node(0, "a", Active, node(1, "b", Checkable|Checked)),
			[]string{fmt.Sprintf("switched 0 %d to %d", Active, Active), fmt.Sprintf("switched 1 %d to %d", Checked, Checked)},
		},
	} {
		if got := told(test.before, test.now); !slices.Equal(got, test.want) {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, test.want)
		}
	}
}

// TestChangesLeadOn: whoever has read one tree and follows what is told has the next one.
func TestChangesLeadOn(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	tree := func() *Node {
		nodes := []*Node{node(0, "", 0)}
		for id := 1; id < 12; id++ {
			if random.IntN(3) == 0 {
				continue
			}
			n := node(id, "", State(random.IntN(8)))
			below := nodes[random.IntN(len(nodes))]
			below.Children = append(below.Children, n)
			nodes = append(nodes, n)
		}
		return nodes[0]
	}
	parents := func(root *Node) map[int]int {
		all := map[int]int{}
		for id, p := range Plant(root) {
			if p.Parent != nil {
				all[id] = p.Parent.ID
			}
		}
		return all
	}
	for range 2000 {
		before, now := tree(), tree()
		known := parents(before)
		for _, c := range Changes(before, now) {
			switch c.Kind {
			case Removed:
				each(c.Node, nil, 0, func(p Place) bool { delete(known, p.Node.ID); return true })
			case Added:
				known[c.Node.ID] = c.Parent.ID
				each(c.Node, nil, 0, func(p Place) bool {
					if p.Parent != nil {
						known[p.Node.ID] = p.Parent.ID
					}
					return true
				})
			}
		}
		want := parents(now)
		if fmt.Sprint(known) != fmt.Sprint(want) {
			t.Fatalf("told %v\nleads to %v\nwant     %v", told(before, now), known, want)
		}
	}
}
