package local

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"
	"testing"
)

// clientFrame is a frame with a mask.
func clientFrame(first byte, size int) []byte {
	b := []byte{first}
	switch {
	case size < 126:
		b = append(b, 0x80|byte(size))
	case size < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(size))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(size))
	}
	return append(append(b, 1, 2, 3, 4), make([]byte, size)...)
}

// FuzzFrames: however the bytes of frames arrive, the largest of each message is
// found, and bytes that are no frames do no harm.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0x81, 5, 0x01, 200, 0x89, 3, 0x80, 2}, 3, []byte{0x81, 0xff})
	f.Add([]byte{0x01, 0, 0x00, 255, 0x80, 126}, 1, []byte{0x81, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5})
	f.Fuzz(func(t *testing.T, plan []byte, step int, tail []byte) {
		var stream []byte
		var want []uint64
		var largest uint64
		for i := 0; i+1 < len(plan) && len(stream) < 1<<20; i += 2 {
			size := int(plan[i+1]) * int(plan[i+1])
			first := plan[i]
			if first&0x08 != 0 {
				size = min(size, 125)
			}
			stream = append(stream, clientFrame(first, size)...)
			if first&0x08 != 0 {
				continue
			}
			if largest = max(largest, uint64(size)); first&0x80 != 0 {
				want, largest = append(want, largest), 0
			}
		}
		step = 1 + (step&0x7fffffff)%5000
		c := &frameConn{}
		for chunk := range slices.Chunk(stream, step) {
			c.feed(chunk)
		}
		if !slices.Equal(c.finished, want) || c.scan.largest != largest {
			t.Fatalf("largest frames %v and %d, want %v and %d", c.finished, c.scan.largest, want, largest)
		}
		for _, w := range want {
			if got := c.largest(); got != w {
				t.Fatalf("largest = %d, want %d", got, w)
			}
			c.next()
		}
		c.next() // there is none
		c.feed(tail)
		if len(c.scan.head) > 14 {
			t.Fatalf("a header of %d bytes", len(c.scan.head))
		}
	})
}

// FuzzSelected: what is selected is what encoding/json finds at the path.
func FuzzSelected(f *testing.F) {
	for _, text := range []string{`{"action":"say"}`, `{"action":5.50}`, `{"a":{"b":true}}`, `{"action":null}`, `x`, `{"action":"\ud800"}`,
		`{"action":"a","action":"b"}`, ` {"action" : "x"} `, `[1]`, `"action"`, `{"action":[]}`, ``} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, path := range [][]string{{"action"}, {"a", "b"}} {
			got, ok := selected(text, path)
			want, wantOK := selectedPlainly(text, path)
			if got != want || ok != wantOK {
				t.Fatalf("selected(%q, %v) = %q, %t, want %q, %t", text, path, got, ok, want, wantOK)
			}
		}
	})
}

func selectedPlainly(text []byte, path []string) (string, bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if !json.Valid(text) || d.Decode(&v) != nil {
		return "", false
	}
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return "", false
		}
		v = m[name]
	}
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// TestErrorFrame is WSK-09: the one form of errors, whatever is in it.
func TestErrorFrame(t *testing.T) {
	t.Parallel()
	got := string(errorFrame("a \"b\"", "c=", "d="))
	if want := `{"message": "a \"b\"", "connectionId":"c=", "requestId":"d="}`; got != want || !json.Valid([]byte(got)) {
		t.Errorf("errorFrame = %s, want %s", got, want)
	}
}
