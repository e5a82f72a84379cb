package s3blob

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestParseContentRange(t *testing.T) {
	t.Parallel()
	if offset, size, err := parseContentRange("bytes 1-3/7"); err != nil || offset != 1 || size != 7 {
		t.Errorf("parseContentRange = %d, %d, %v", offset, size, err)
	}
	for _, header := range []string{"", "bytes", "bytes 1/7", "bytes 1-3", "bytes 1-3/*", "bytes -1-3/7", "bytes 9-3/7", "lines 1-3/7"} {
		if offset, size, err := parseContentRange(header); err == nil {
			t.Errorf("parseContentRange(%q) = %d, %d, want an error", header, offset, size)
		}
	}
}

func FuzzParseContentRange(f *testing.F) {
	f.Add("bytes 1-3/7")
	f.Fuzz(func(t *testing.T, header string) {
		if offset, size, err := parseContentRange(header); err == nil && (offset < 0 || size < offset) {
			t.Errorf("parseContentRange(%q) = %d, %d", header, offset, size)
		}
	})
}

// TestParts: a body is cut at the same places however its reader gives it.
func TestParts(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, firstRead, firstRead + 1, partSize - 1, partSize, partSize + 1, 3 * partSize, 5*partSize + 7} {
		text := strings.Repeat("0123456789abcdef", size/16+1)[:size]
		for name, r := range map[string]io.Reader{
			"stream":     struct{ io.Reader }{strings.NewReader(text)},
			"halves":     iotest.HalfReader(strings.NewReader(text)),
			"end at end": iotest.DataErrReader(strings.NewReader(text)),
			"anywhere":   strings.NewReader(text),
		} {
			p := newParts(t.Context(), r)
			at := 0
			for last := false; !last; {
				one, err := p.next()
				if err != nil {
					t.Fatalf("%s of %d: %v", name, size, err)
				}
				got, err := io.ReadAll(io.NewSectionReader(one.at, one.offset, one.size))
				if err != nil || string(got) != text[at:at+len(got)] || !one.last && len(got) != partSize {
					t.Fatalf("%s of %d: a piece of %d bytes at %d, %v", name, size, len(got), at, err)
				}
				at += len(got)
				last = one.last
				p.done(one)
			}
			if at != size {
				t.Errorf("%s of %d: the pieces have %d bytes", name, size, at)
			}
		}
	}
}
