//go:build !lambda.norpc

package run

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// TestPackageLimits: what Lambda and CloudFormation take directly, by way of S3, and not
// at all.
func TestPackageLimits(t *testing.T) {
	t.Parallel()
	const viaS3 = "goes by way of S3 alone"
	for _, tt := range []struct {
		name               string
		unzipped, zipped   int
		template           int
		form, file         string
		refused, said, not string
	}{
		{"small", 250 << 20, 50 << 20, 51_200, "sam", "template.json", "", "sam deploy --template-file out/template.json", viaS3},
		{"a large zip", 200 << 20, 50<<20 + 1, 51_200, "sam", "template.json", "", "the zip is over 52428800 bytes: it " + viaS3, "the template is over"},
		{"a large template", 1, 1, 51_201, "cloudformation", "template.yaml", "", "the template is over 51200 bytes: it " + viaS3, "the zip is over"},
		{"a large module", 1, 1, 51_201, "terraform", "stack.json", "", "terraform -chdir=out init", viaS3}, // which uploads the template
		{"too large an executable", 250<<20 + 1, 1, 1, "sam", "template.json", "the executable is 262144001 bytes, and Lambda takes 262144000", "", ""},
		{"too large a template", 1, 1, 1_000_001, "sam", "template.json", "template.json is 1000001 bytes, and CloudFormation takes 1000000", "", ""},
		{"too large a stack", 1, 1, 1_000_001, "terraform", "stack.json", "stack.json is 1000001 bytes", "", ""},
	} {
		files := map[string][]byte{tt.file: make([]byte, tt.template)}
		err := checkSizes(tt.unzipped, files)
		if (err == nil) != (tt.refused == "") || err != nil && !strings.Contains(err.Error(), tt.refused) {
			t.Errorf("%s: checkSizes = %v, want %q", tt.name, err, tt.refused)
		}
		if err != nil {
			continue
		}
		files[codeFile] = make([]byte, tt.zipped)
		var out bytes.Buffer
		(&written{folder: "out", form: tt.form, stack: "shop", template: tt.file, unzipped: tt.unzipped, files: files}).print(&out)
		if said := out.String(); !strings.Contains(said, tt.said) || tt.not != "" && strings.Contains(said, tt.not) {
			t.Errorf("%s: said\n%s\nwant %q and not %q", tt.name, said, tt.said, tt.not)
		}
	}
}

// TestPackageSites: what is said of a site is what it takes to upload it.
func TestPackageSites(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	app.Site("front-page", tier.SiteOptions{Folder: "web"})
	var out bytes.Buffer
	(&written{folder: "out", form: "sam", stack: "shop", template: "template.json", sites: app.Sites(), files: map[string][]byte{}}).print(&out)
	const want = "and then upload the site front-page to the bucket that the stack puts out as FrontPageSiteBucketName, with\n  go run . site -bucket BUCKET front-page\n"
	if !strings.HasSuffix(out.String(), want) {
		t.Errorf("said\n%s\nwant %s at the end", out.String(), want)
	}
	made, err := template.New(app)
	if err != nil || !strings.Contains(string(made.SAM("x.zip")), `"FrontPageSiteBucketName"`) {
		t.Errorf("the stack puts out no such name: %v", err)
	}
}

// TestDeployLines: a folder with letters of the shell stays one word.
func TestDeployLines(t *testing.T) {
	t.Parallel()
	lines := deployLines("terraform", "my $HOME's", "main.tf.json", "shop")
	if want := `terraform -chdir='my $HOME'\''s' init`; lines[0] != want {
		t.Errorf("%s, want %s", lines[0], want)
	}
	lines = deployLines("sam", "my build", "template.json", "shop")
	if want := "sam deploy --template-file 'my build/template.json' "; !strings.HasPrefix(lines[0], want) {
		t.Errorf("%s, want %s", lines[0], want)
	}
}
