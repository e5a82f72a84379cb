package tier_test

import (
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestArchitecture: what Lambda does not have, or two at once, is a mistake.
func TestArchitecture(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		declared []tier.Architecture
		is       tier.Architecture
		want     string
	}{
		{"none", nil, "arm64", ""},
		{"arm64", []tier.Architecture{tier.ARM64}, "arm64", ""},
		{"x86_64", []tier.Architecture{tier.X86}, "x86_64", ""},
		{"Go's name of it", []tier.Architecture{"amd64"}, "arm64", `app shop: architecture "amd64"; write tier.ARM64 or tier.X86`},
		{"two", []tier.Architecture{tier.ARM64, tier.X86}, "arm64", "app shop: its architecture is declared already"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			app.API("orders").Handle("GET /a", running)
			for _, arch := range tt.declared {
				app.Architecture(arch)
			}
			checkMistake(t, errors.Join(app.Check()...), tt.want)
			if is := app.DeclaredArchitecture(); is != tt.is {
				t.Errorf("the architecture is %q, want %q", is, tt.is)
			}
		})
	}
}
