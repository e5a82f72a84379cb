package message_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/message"
)

// TestBatch: requests are cut by items and bytes, whatever was held back before.
func TestBatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		items string // each a letter that says its group, of a size that the case gives
		sizes string
		fail  string // the requests that fail as a whole, by their number
		want  string // the requests
		lost  []int
	}{
		{"aaaaa", "11111", "", "aaa aa", nil},
		{"aaaaa", "44444", "", "aa aa a", nil},
		{"aaaaa", "99999", "", "a a a a a", nil},
		{"abab", "5551", "", "ab ab", nil},
		{"", "", "", "", nil},
		{"aaaa", "1111", "1", "aaa", []int{0, 1, 2, 3}},
		{"xaabax", "111111", "", "xaa ba", []int{0, 5}},
		{"xxxxa", "11111", "", "xxx a", []int{0, 1, 2, 3}},
	} {
		var requests []string
		place := -1
		sizes := map[int]int{}
		for i, s := range c.sizes {
			sizes[i] = int(s - '0')
		}
		type item struct {
			group string
			no    int
		}
		var items []item
		for i, g := range c.items {
			items = append(items, item{string(g), i})
		}
		b := message.Batch[item, int]{
			Limits: message.Limits{Items: 3, Bytes: 10},
			Size:   func(m item) int { return sizes[m.no] },
			After:  func(m item) string { return m.group },
			Send: func(sent []item) ([]int, error) {
				var text strings.Builder
				results := make([]int, len(sent))
				var partial datastore.PartialError
				for i, m := range sent {
					text.WriteString(m.group)
					results[i] = m.no + 100
					if m.group == "x" { // always fails
						results[i] = 0
						partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: errors.New("x")})
					}
				}
				requests = append(requests, text.String())
				if c.fail == fmt.Sprint(len(requests)) {
					return nil, &datastore.Error{Kind: datastore.ErrUnknown}
				}
				if len(partial.Failed) > 0 {
					return results, &partial
				}
				return results, nil
			},
		}
		results, err := b.Run(items)
		if diff := cmp.Diff(c.want, strings.Join(requests, " ")); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", c.items, diff)
		}
		lost := map[int]bool{}
		var partial *datastore.PartialError
		if errors.As(err, &partial) {
			for _, f := range partial.Failed {
				if f.Index <= place {
					t.Errorf("%s: failed items %v are not in order", c.items, partial.Failed)
				}
				place = f.Index
				lost[f.Index] = true
			}
		}
		if len(lost) != len(c.lost) {
			t.Errorf("%s: failed %v, want %v", c.items, lost, c.lost)
		}
		for _, i := range c.lost {
			if !lost[i] {
				t.Errorf("%s: failed %v, want %v", c.items, lost, c.lost)
			}
		}
		for i, r := range results {
			if want := i + 100; !lost[i] && r != want || lost[i] && r != 0 {
				t.Errorf("%s: result %d = %d", c.items, i, r)
			}
		}
	}
}

// FuzzCheckText: what is taken is what the characters' table of SQS takes.
func FuzzCheckText(f *testing.F) {
	for _, text := range []string{"", "a\tb", "\x00", "\x7f", "\ufffd", "\ufffe", "\xff", "\U0010ffff", "a\ufffdb\xc3", "12345678\x1f", "1234567\x1f", "\n2345678", "123456\u00e912345678", "12345678 ~\x7f!"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want := text != "" && utf8.ValidString(text)
		for _, r := range text {
			want = want && (r == 0x9 || r == 0xA || r == 0xD || 0x20 <= r && r <= 0xD7FF || 0xE000 <= r && r <= 0xFFFD || 0x10000 <= r)
		}
		if err := message.CheckText(text); (err == nil) != want {
			t.Errorf("CheckText(%q) = %v, want refused %t", text, err, !want)
		}
	})
}
