//go:build lambda.norpc

package run

import "fmt"

// main of the Lambda binary: there are no tools in it.
func (p *program) main() int {
	if _, ok := p.lookup(runtimeAPI); !ok {
		fmt.Fprintln(p.stderr, "this binary was built for AWS Lambda (-tags lambda.norpc) and "+runtimeAPI+
			" is not set; build it without that tag to run it on this machine")
		return 1
	}
	return p.function()
}
