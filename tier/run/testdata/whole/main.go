// Command whole is an application with everything that one can declare, for the
// tests of package run.
package main

import (
	"github.com/seed-18e8afb5/tierkit/tier/internal/whole"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

func main() { run.Main(whole.App) }
