package table

import (
	"testing"
)

// TestCanonicalFraction: what is taken as it is, is what the long way would give.
func TestCanonicalFraction(t *testing.T) {
	t.Parallel()
	taken := 0
	for _, sign := range []string{"", "-", "--", "+"} {
		for _, whole := range []string{"", "0", "00", "01", "1", "10", "123", "-1", "99999999999999999999999999999999999999"} {
			for _, fraction := range []string{"", "0", "00", "1", "10", "01", "00000001", "000000001", "12345678", "x", "-1"} {
				text := sign + whole + "." + fraction
				if !canonicalFraction(text) {
					continue
				}
				taken++
				if d, err := parseDecimal(text); err != nil || d.String() != text {
					t.Errorf("%s is taken as it is; the canonical form is %v, %v", text, d, err)
				}
			}
		}
	}
	if taken == 0 {
		t.Error("none is taken as it is")
	}
}
