package tier_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestInstancesMistakes: what Lambda does not have on instances is refused.
func TestInstancesMistakes(t *testing.T) {
	t.Parallel()
	live := tier.Live(tier.Rollout{})
	on := func(i tier.Instances, more ...tier.FunctionOption) []tier.FunctionOption {
		return append([]tier.FunctionOption{tier.OnInstances(i), tier.Memory(4096)}, more...)
	}
	for name, tt := range map[string]struct {
		opts []tier.FunctionOption
		want string // "" for none
	}{
		"alone":         {on(tier.Instances{}, live), ""},
		"all of it":     {on(tier.Instances{Provider: "large", Concurrency: 1600, MemoryPerVCPU: 4, Least: 3, Most: 15_000}, live), ""},
		"provider":      {on(tier.Instances{Provider: "my provider"}, live), `capacity provider name "my provider"`},
		"concurrency":   {on(tier.Instances{Concurrency: 1601}, live), "Concurrency 1601; write 1 to 1600"},
		"ratio":         {on(tier.Instances{MemoryPerVCPU: 3}, live), "MemoryPerVCPU 3; write 2, 4 or 8"},
		"little memory": {on(tier.Instances{MemoryPerVCPU: 8}, live), "MemoryPerVCPU 8 GiB, and the function has 4096 MB; write tier.Memory(8192)"},
		"environments":  {on(tier.Instances{Least: 3}, live), "Least 3 and Most 0"},
		"memory":        {on(tier.Instances{}, live, tier.Memory(1024)), "memory 1024 MB; write tier.Memory(2048) or more"},
		"twice":         {on(tier.Instances{}, live, tier.OnInstances(tier.Instances{})), "tier.OnInstances twice"},
		"no versions":   {on(tier.Instances{}), "only versions run on instances; add tier.Live(tier.Rollout{})"},
		"a shift":       {on(tier.Instances{}, tier.Live(tier.Rollout{Shift: tier.AllAtOnce})), "leave the Shift out"},
		"provisioned":   {on(tier.Instances{}, live, tier.Provisioned(1, 2)), "write Least and Most in place of tier.Provisioned"},
		"reserved":      {on(tier.Instances{}, live, tier.Reserved(5)), "what tier.Reserved is on instances is not known"},
		"per tenant":    {on(tier.Instances{}, live, tier.TenantIsolation("")), "those of tenants (tier.TenantIsolation) do not"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			app.Function("price", tt.opts...).Invoke(handler.New(echo))
			wantMistake(t, errors.Join(app.Check()...), tt.want)
		})
	}
}

func ExampleOnInstances() {
	app := tier.New("shop")
	api := app.API("orders", tier.OnInstances(tier.Instances{Concurrency: 10}), tier.Memory(2048), tier.Live(tier.Rollout{}))
	api.Handle("POST /orders", handler.New(echo))
	for _, f := range app.Functions() {
		fmt.Println(f.Name(), "on", f.Instances().Provider)
	}
	fmt.Println(len(app.Check()), "mistakes")
	// Output:
	// orders on instances
	// 0 mistakes
}
