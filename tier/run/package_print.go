//go:build !lambda.norpc

package run

import (
	"crypto/sha256"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// written is what the command package has written.
type written struct {
	folder, form, stack string
	template            string // the file that is deployed
	sites               []*tier.Site
	unzipped            int // bytes of the executable
	files               map[string][]byte
}

// print says what was written, what is near a limit, and how to deploy it.
func (w *written) print(to io.Writer) {
	tw := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	code := w.files[codeFile]
	fmt.Fprintf(tw, "%s\t%s\t%s unzipped, sha256 %x\n", filepath.Join(w.folder, codeFile), size(len(code)), size(w.unzipped), sha256.Sum256(code))
	for _, name := range infrastructureFiles(w.files) {
		fmt.Fprintf(tw, "%s\t%s\n", filepath.Join(w.folder, name), size(len(w.files[name])))
	}
	tw.Flush()
	if len(code) > maxDirectZip {
		fmt.Fprintf(to, "the zip is over %d bytes: it goes by way of S3 alone, as below, and not by aws lambda update-function-code --zip-file\n", maxDirectZip)
	}
	if n := len(w.files[w.template]); n > template.MaxDirect && w.form != "terraform" {
		fmt.Fprintf(to, "the template is over %d bytes: it goes by way of S3 alone, as below, and not by --template-body\n", template.MaxDirect)
	}
	fmt.Fprintln(to, "deploy it with")
	for _, line := range deployLines(w.form, w.folder, w.template, w.stack) {
		fmt.Fprintln(to, "  "+line)
	}
	for _, site := range w.sites {
		fmt.Fprintf(to, "and then upload the site %s to the bucket that the stack puts out as %s, with\n  go run . site -bucket BUCKET %[1]s\n", site.Name(), bucketOutput(site))
	}
}

// size is a count of bytes for people.
func size(n int) string {
	if n < 1e6 {
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// templateFile is the file that a template is in.
func (o *templateOptions) templateFile() string {
	switch {
	case o.form == "terraform":
		return template.TerraformFile
	case o.yaml:
		return "template.yaml"
	}
	return "template.json"
}
