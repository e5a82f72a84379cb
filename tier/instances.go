package tier

import "slices"

// Instances say how a function runs on Lambda Managed Instances. See [OnInstances].
type Instances struct {
	// Provider is the name by which the template asks for the capacity provider, a
	// parameter with its ARN: functions with the same name share one. Default
	// "instances".
	Provider string
	// Concurrency is how many invocations an execution environment has at once, 1 to
	// 1600. Default what Lambda chooses.
	Concurrency int
	// MemoryPerVCPU in GiB: 2, 4 or 8, and not more than the function has. Default what
	// Lambda chooses.
	MemoryPerVCPU int
	// Least and Most are how many execution environments a version has, up to 15,000.
	// Default 0 and 0: what Lambda chooses.
	Least, Most int
}

// OnInstances runs the function on EC2 instances of the account that Lambda manages:
// those of a capacity provider that there is, with its network and the role by which
// Lambda starts instances. Nothing of it was tried on AWS, and AWS does not list the
// runtime of Go among those that can; the template has it only with -unverified
// managed-instances.
//
//	api := app.API("orders", tier.OnInstances(tier.Instances{Concurrency: 10}), tier.Memory(2048), tier.Live(tier.Rollout{}))
//
// Several invocations run in one execution environment at once, as requests do in serve.
// Only published versions run there, so the function needs [Live], without a Shift: the
// versions before are deleted, because each keeps instances. It needs 2 GB of [Memory],
// and has no provisioned or reserved concurrency, no tenants of its own, and no stores of
// the private network, which is the provider's to have. It cannot be added to a function
// that is there, or removed: give the function another name.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances.html
func OnInstances(i Instances) FunctionOption {
	if i.Provider == "" {
		i.Provider = "instances"
	}
	return functionOption(func(f *Function) {
		if f.instances != nil {
			f.app.fail(f.at, "function %s: tier.OnInstances twice; write it once", f.name)
		}
		f.app.checkName(f.at, "capacity provider", i.Provider)
		f.instances = &i
	})
}

// Instances that the function runs on, nil for Lambda's own. It is not to be changed.
func (f *Function) Instances() *Instances { return f.instances }

// What Lambda takes. See
// https://docs.aws.amazon.com/lambda/latest/api/API_LambdaManagedInstancesCapacityProviderConfig.html
// and https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-capacityproviderconfig.html
const (
	maxInstanceConcurrency = 1600
	maxEnvironments        = 15_000
	leastInstanceMemory    = 2048 // MB
)

// checkInstances finds what a function on instances cannot be.
func (f *Function) checkInstances() (errs []error) {
	i := f.instances
	if i == nil {
		return nil
	}
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, f.mistakeOf("tier.OnInstances: "+format, args...))
		}
	}
	refuse(i.Concurrency < 0 || i.Concurrency > maxInstanceConcurrency, "Concurrency %d; write 1 to %d", i.Concurrency, maxInstanceConcurrency)
	refuse(!slices.Contains([]int{0, 2, 4, 8}, i.MemoryPerVCPU), "MemoryPerVCPU %d; write 2, 4 or 8 (GiB)", i.MemoryPerVCPU)
	refuse(f.memory < i.MemoryPerVCPU*1024, "MemoryPerVCPU %d GiB, and the function has %d MB; write tier.Memory(%d) or more", i.MemoryPerVCPU, f.memory, i.MemoryPerVCPU*1024)
	refuse(i.Least < 0 || i.Most < i.Least || i.Most > maxEnvironments, "Least %d and Most %d; write from 0 up, to %d", i.Least, i.Most, maxEnvironments)
	refuse(f.memory < leastInstanceMemory, "memory %d MB; write tier.Memory(%d) or more", f.memory, leastInstanceMemory)
	refuse(f.rollout == nil, "only versions run on instances; add tier.Live(tier.Rollout{})")
	refuse(f.rollout != nil && f.rollout.Shift != "", "the version before is deleted, and with it the way back; leave the Shift out")
	refuse(f.provisioned[1] > 0, "its environments are started anyway; write Least and Most in place of tier.Provisioned")
	refuse(f.reserved != nil, "what tier.Reserved is on instances is not known; write Most")
	refuse(slices.ContainsFunc(f.triggers, (*Trigger).rotates), "Secrets Manager invokes no version, and only versions run on instances; have another function rotate the secret")
	refuse(f.tenancy != nil, "its invocations share an environment, and those of tenants (tier.TenantIsolation) do not; drop one of the two")
	return errs
}
