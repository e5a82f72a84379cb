package paired

import "testing"

// runs are counted for an average.
const runs = 20

// PerItem fails if the driver makes allocations for each item that the client does
// not make. open gives the call with n items, of both. The test must not be parallel:
// allocations are counted for the whole process.
func PerItem(t *testing.T, name string, few, many int, open func(n int) (bare, driver func() error)) {
	t.Helper()
	if detectsRaces {
		t.Skip("the race detector has pools forget at random")
	}
	extra := func(n int) float64 {
		bare, driver := open(n)
		return allocs(t, driver) - allocs(t, bare)
	}
	atFew, atMany := extra(few), extra(many)
	if each := (atMany - atFew) / float64(many-few); each > 0.5 {
		t.Errorf("%s: %v allocations over the client's for %d items, %v for %d: %.1f for each, want none", name, atFew, few, atMany, many, each)
	}
}

func allocs(t *testing.T, call func() error) float64 {
	t.Helper()
	return testing.AllocsPerRun(runs, func() {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	})
}
