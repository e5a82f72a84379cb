package tier

import "github.com/seed-18e8afb5/tierkit/datastore"

// Architecture is the kind of processor that functions run on, as Lambda names it.
type Architecture string

// The architectures that Lambda has.
const (
	ARM64 Architecture = "arm64" // AWS Graviton, which costs less
	X86   Architecture = "x86_64"
)

// Architecture is that of all functions of the App, which have one executable together:
// what the command package builds, and what the template says. Default [ARM64]; [X86] is
// for what is built for that alone.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html
func (a *App) Architecture(arch Architecture) {
	at := datastore.Caller()
	switch {
	case arch != ARM64 && arch != X86:
		a.fail(at, "app %s: architecture %q; write tier.ARM64 or tier.X86", a.name, string(arch))
	case a.architecture != "":
		a.fail(at, "app %s: its architecture is declared already; declare it once", a.name)
	default:
		a.architecture = arch
	}
}

// DeclaredArchitecture is that of all functions: [ARM64] if nothing was declared.
func (a *App) DeclaredArchitecture() Architecture {
	if a.architecture == "" {
		return ARM64
	}
	return a.architecture
}
