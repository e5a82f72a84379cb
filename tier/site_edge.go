package tier

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Zone has the template make the DNS records of the site's domain names, in a hosted zone
// of Route 53 that there is and that all of them belong to: "Z0123456789ABCDEFGHIJ".
// Without it whoever looks after the names points them at what the template puts out.
//
// See https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-to-cloudfront-distribution.html.
func (s *Site) Zone(id string) {
	at := datastore.Caller()
	switch {
	case s.zone != "":
		s.fail(at, "its zone is %s already at %s; write one", s.zone, s.zoneAt)
	case !validZone(id):
		s.fail(at, "zone %q: write the id of a hosted zone of Route 53: %q", id, exampleZone)
	default:
		s.zone, s.zoneAt = id, at
	}
}

// HostedZone is the id of that which [Site.Zone] names, "" for none.
func (s *Site) HostedZone() string { return s.zone }

// SiteLog has CloudFront write a line for each request into files of a bucket of S3, some
// minutes later, also for those that a web ACL blocks. A line has the address of the
// client, its User-Agent and the whole address that it asked for, which are personal data
// in many places; it has no cookies.
//
// CloudFront writes these files as an owner of their own, by an access control list, and
// not in all Regions: not in Cape Town, Hong Kong, Jakarta, Milan, Bahrain, the Emirates
// and others that an account must opt in to. A stack there names a bucket of another
// Region. The newer kind of logs, whose fields can be chosen, is declared by resources that
// must be in us-east-1.
//
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html.
type SiteLog struct {
	// Days that files are kept, 1 or more. Default 30.
	Days int
	// Existing writes them into a bucket that there is, which says itself how long it
	// keeps them, and lets CloudFront have an access control list: its domain name,
	// "logs.s3.amazonaws.com", is a parameter of the template. Days is left out then.
	Existing bool
}

// DeclaredSiteLog is a [SiteLog] with its defaults, and where it was declared.
type DeclaredSiteLog struct {
	SiteLog
	At datastore.Position
}

// AccessLog has CloudFront write a line for each request of the site, those of its APIs
// among them.
func (s *Site) AccessLog(l SiteLog) {
	at := datastore.Caller()
	switch {
	case s.accessLog != nil:
		s.fail(at, "its access log is declared already at %s; declare it once", s.accessLog.At)
		return
	case l.Days < 0:
		s.fail(at, "an access log that is kept for %d days; write 1 or more", l.Days)
	case l.Existing && l.Days != 0:
		s.fail(at, "a bucket that there is says itself how long it keeps files; leave Days out, or Existing")
	}
	if l.Days == 0 && !l.Existing {
		l.Days = defaultRetention
	}
	s.accessLog = &DeclaredSiteLog{l, at}
}

// DeclaredAccessLog is what [Site.AccessLog] declared, nil if nothing was.
func (s *Site) DeclaredAccessLog() *DeclaredSiteLog { return s.accessLog }

// WAF puts a web ACL before the site and its APIs, one that there is: tier.WAF{Existing:
// true}. It is one of the scope CLOUDFRONT, which are in us-east-1, whatever the Region of
// the stack; its ARN is a parameter of the template.
//
// The APIs' own addresses go past it: an API that is to have one, too, has [API.WAF].
//
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-web-awswaf.html.
func (s *Site) WAF(w WAF) {
	at := datastore.Caller()
	switch {
	case !s.waf.IsZero():
		s.fail(at, "a web ACL is declared already at %s; a distribution has one", s.waf)
	case !w.Existing || len(w.Rules) > 0 || w.RateLimit != 0:
		s.fail(at, "a web ACL before CloudFront is in us-east-1, where this stack need not be; make one there, with its rules, and write tier.WAF{Existing: true}")
	default:
		s.waf = at
	}
}

// WAFAt is where [Site.WAF] was declared, zero for nowhere.
func (s *Site) WAFAt() datastore.Position { return s.waf }

// exampleZone is the form of the id of a hosted zone.
const exampleZone = "Z0123456789ABCDEFGHIJ"

// validZone reports whether the text is the id of a hosted zone.
//
// See https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html.
func validZone(id string) bool {
	letters := []rune("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
	for _, r := range id {
		if !slices.Contains(letters, r) {
			return false
		}
	}
	return len(id) > 1 && len(id) <= 32 && id[0] == 'Z'
}
