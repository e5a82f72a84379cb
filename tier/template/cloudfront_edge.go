package template

import (
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// siteLog is the member of a distribution that has it write access logs, and adds the
// bucket for them, whose files CloudFront owns until the bucket takes them over: this is
// why it has access control lists, which others need not have.
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html.
func (s *stack) siteLog(site *tier.Site) object {
	l := site.DeclaredAccessLog()
	if l == nil {
		return nil
	}
	var place reference
	if l.Existing {
		id := policy.SiteID(site, "log-bucket")
		place = ref(id)
		s.parameterOnce(parameter{id, "String", "The domain name of the bucket for the access logs of the site " + site.Name() + ": NAME.s3.amazonaws.com."}, l.At)
	} else {
		place = s.siteLogBucket(site, l)
	}
	return object{{"Logging", object{
		{"Bucket", place},
		{"IncludeCookies", false},
		{"Prefix", sub("${AWS::StackName}/" + site.Name() + "/")},
	}}}
}

func (s *stack) siteLogBucket(site *tier.Site, l *tier.DeclaredSiteLog) reference {
	id := policy.SiteID(site, "logs")
	s.add(resource{
		id: id, typ: "AWS::S3::Bucket", at: l.At, properties: bucketOf(encryptedByS3(), "BucketOwnerPreferred", object{
			{"Id", accessLogs}, {"Status", "Enabled"}, {"ExpirationInDays", l.Days},
		}),
		attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
	})
	s.add(resource{id: id + "Policy", typ: "AWS::S3::BucketPolicy", at: l.At, properties: object{
		{"Bucket", ref(id)},
		{"PolicyDocument", document(tlsOnly("s3:*", array{getAtt(id, "Arn"), sub("${" + id + ".Arn}/*")}))},
	}})
	return getAtt(id, "DomainName")
}

// accessLogs is the rule by which the files of a bucket of access logs go, and by which
// the bucket is known as one.
const accessLogs = "access-logs"

// siteFirewall is the member of a distribution that names its web ACL, which is a
// parameter.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudfront-distribution-distributionconfig.html.
func (s *stack) siteFirewall(site *tier.Site) object {
	if site.WAFAt().IsZero() {
		return nil
	}
	id := policy.SiteID(site, "web-acl")
	s.parameterOnce(parameter{id, "String", "The ARN of the web ACL before the site " + site.Name() + ": one of the scope CLOUDFRONT, in us-east-1."}, site.WAFAt())
	return object{{"WebACLId", ref(id)}}
}
