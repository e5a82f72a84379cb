package lambda_test

import (
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// Invalid UTF-8 is found at every place within a word of eight bytes, in names
// and in values; valid UTF-8 is not taken for it.
func TestUTF8Everywhere(t *testing.T) {
	t.Parallel()
	d := lambda.New(echo, nil)
	for pad := range 17 {
		fill := strings.Repeat("x", pad)
		for _, member := range []string{`"` + fill + `?":1`, `"k":"` + fill + `?"`, `"k":"?` + fill + `"`, `"k":["` + fill + `\n?"]`} {
			for text, valid := range map[string]bool{"\xff": false, "\xc3": false, "\xed\xa0\x80": false, "é": true, "😀": true, "z": true} {
				event := httpEvent(strings.Replace(member, "?", text, 1))
				if _, err := d.Invoke(t.Context(), []byte(event)); (err == nil) != valid {
					t.Errorf("Invoke(%q) = %v, valid = %v", event, err, valid)
				}
			}
		}
	}
}
