//go:build !lambda.norpc

package run

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// siteCommand uploads the files of a site that have changed.
func (p *program) siteCommand(args []string) error {
	bucket, remove, dry := "", false, false
	names, err := p.parseUpTo("site", args, 1, func(f *flag.FlagSet) {
		f.StringVar(&bucket, "bucket", "", "the `bucket` of the site, which is an output of the stack")
		f.BoolVar(&remove, "delete", false, "delete what is in the bucket and not in the folder")
		f.BoolVar(&dry, "dry-run", false, "say what would be done, and change nothing")
	})
	if err != nil {
		return err
	}
	app, err := p.checked(datastore.New(nil, nil))
	if err != nil {
		return err
	}
	site, err := siteNamed(app, names)
	if err != nil {
		return err
	}
	if bucket == "" {
		return fmt.Errorf("site %s: write -bucket and the name of its bucket, which the stack puts out as %s", site.Name(), bucketOutput(site))
	}
	folder, err := os.OpenRoot(filepath.FromSlash(site.Options().Folder))
	if err != nil {
		return fmt.Errorf("site %s: there is no folder %s; build the site first", site.Name(), site.Options().Folder)
	}
	defer folder.Close()
	files, err := local.SiteFiles(site, folder)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return fmt.Errorf("site %s: %w", site.Name(), err)
	}
	u := &upload{client: siteClient(cfg), bucket: bucket, folder: folder, dry: dry}
	if u.there, err = u.list(ctx); err != nil {
		return fmt.Errorf("list bucket %s: %w", bucket, err)
	}
	return p.uploadSite(ctx, site, u, files, remove)
}

// bucketOutput is the output of the stack that names the bucket of a site.
func bucketOutput(site *tier.Site) string { return policy.SiteID(site) + "BucketName" }

// siteNamed is the site of that name, or the only one.
func siteNamed(app *tier.App, names []string) (*tier.Site, error) {
	var known []string
	for _, s := range app.Sites() {
		if len(names) > 0 && s.Name() == names[0] || len(names) == 0 && len(app.Sites()) == 1 {
			return s, nil
		}
		known = append(known, s.Name())
	}
	if known == nil {
		return nil, fmt.Errorf("app %s has no site; declare one with app.Site", app.Name())
	}
	return nil, fmt.Errorf("app %s has the sites %s; name one of them", app.Name(), strings.Join(known, ", "))
}

// siteClient is a client of S3. A server that stands in for S3 has no names for buckets
// below its own.
func siteClient(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
}

// uploadSite uploads what has changed: first what pages refer to, then the pages, the
// one at the root last, so that no page is there before what it needs. What is no more
// is deleted after that, and only if it is asked for: pages that are open may need it.
func (p *program) uploadSite(ctx context.Context, site *tier.Site, u *upload, files []local.SiteFile, remove bool) error {
	pages := slices.DeleteFunc(slices.Clone(files), func(f local.SiteFile) bool { return !f.Page })
	slices.SortStableFunc(pages, func(a, b local.SiteFile) int { return above(a.Key) - above(b.Key) })
	others := slices.DeleteFunc(slices.Clone(files), func(f local.SiteFile) bool { return f.Page })
	var stale []string
	uploaded := 0
	for _, group := range append([][]local.SiteFile{others}, oneByOne(pages)...) {
		outcomes, err := u.all(ctx, group)
		for i, o := range outcomes {
			f := group[i]
			if o == unchanged {
				continue
			}
			uploaded++
			fmt.Fprintf(p.stdout, "%s %s  %s  %s\n", o, f.Key, f.ContentType, f.CacheControl)
			if o == replaced && site.Options().MaxAge > 0 && !f.Page {
				stale = append(stale, "/"+f.Key)
			}
		}
		if err != nil {
			return fmt.Errorf("site %s: %w", site.Name(), err)
		}
	}
	gone := u.gone(files)
	if remove {
		if err := u.remove(ctx, gone); err != nil {
			return fmt.Errorf("site %s: delete: %w", site.Name(), err)
		}
		for _, key := range gone {
			fmt.Fprintf(p.stdout, "deleted %s\n", key)
		}
	}
	p.summarise(site, u, len(files), uploaded, gone, remove)
	if len(stale) > 0 {
		fmt.Fprintf(p.stdout, "CloudFront may have others for %v; to have it ask now, with the output %s of the stack:\n  aws cloudfront create-invalidation --distribution-id ID --paths %s\n",
			site.Options().MaxAge, policy.SiteID(site)+"Distribution", invalidated(stale))
	}
	return nil
}

// above is less the deeper a page is; that of the whole site is above all.
func above(key string) int {
	if key == "index.html" {
		return 1
	}
	return -strings.Count(key, "/")
}

// oneByOne are groups of one file.
func oneByOne(files []local.SiteFile) [][]local.SiteFile {
	var all [][]local.SiteFile
	for _, f := range files {
		all = append(all, []local.SiteFile{f})
	}
	return all
}

func (p *program) summarise(site *tier.Site, u *upload, files, uploaded int, gone []string, removed bool) {
	would := ""
	if u.dry {
		would = " (nothing was changed: -dry-run)"
	}
	fmt.Fprintf(p.stdout, "site %s: %d files, %d uploaded, %d as they were%s\n", site.Name(), files, uploaded, files-uploaded, would)
	if len(gone) > 0 && !removed {
		fmt.Fprintf(p.stdout, "%d in the bucket are not in %s; -delete removes them\n", len(gone), site.Options().Folder)
	}
}

// maxInvalidated is how many paths are named one by one.
const maxInvalidated = 15

// invalidated are the paths as a shell takes them.
func invalidated(paths []string) string {
	if len(paths) > maxInvalidated {
		return "'/*'"
	}
	var quoted []string
	for _, path := range paths {
		quoted = append(quoted, "'"+strings.ReplaceAll(path, "'", `'\''`)+"'")
	}
	return strings.Join(quoted, " ")
}
