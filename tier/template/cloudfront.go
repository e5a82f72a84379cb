package template

import (
	"bytes"
	_ "embed"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// The ids of what CloudFront has for everybody.
//
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
// and https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html.
const (
	cachingOptimized  = "658327ea-f89d-4fab-a63d-7e88639e58f6"
	cachingDisabled   = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
	allViewerButHost  = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
	originReadTimeout = 60 // seconds, the most without asking for more
	edgeRuntime       = "cloudfront-js-2.0"
	leastTLS          = "TLSv1.2_2021"
	filesOrigin       = "files"          // the bucket; APIs have "api-NAME"
	errorPageKept     = 10               // seconds that CloudFront keeps that a file is missing
	edgeZone          = "Z2FDTNDATAQYW2" // the hosted zone of all distributions
)

// The functions that CloudFront runs before it looks for what answers a request.
//
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html.
var (
	//go:embed edge/pages.js
	pagesCode string
	//go:embed edge/apis.js
	apisCode string
)

// site adds a static website: a private bucket, and the distribution that alone reads
// it.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudfront-distribution.html.
func (s *stack) site(site *tier.Site) {
	id, bucket := policy.SiteID(site), policy.SiteID(site, "bucket")
	s.add(resource{
		id: bucket, typ: "AWS::S3::Bucket", at: site.At(), properties: privateBucket(encryptedByS3()),
		attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
	})
	s.siteBucketPolicy(site)
	access := policy.SiteID(site, "access")
	s.add(resource{id: access, typ: "AWS::CloudFront::OriginAccessControl", at: site.At(), properties: object{
		{"OriginAccessControlConfig", object{
			{"Name", edgeName(site, "access")},
			{"OriginAccessControlOriginType", "s3"},
			{"SigningBehavior", "always"},
			{"SigningProtocol", "sigv4"},
		}},
	}})
	s.siteHeaders(site)
	s.edgeFunction(site, "pages", "Chooses the file for a path.", "const SPA = "+jsonOf(site.Options().SPA)+";\n"+pagesCode)
	if apis := site.APIs(); len(apis) > 0 {
		var paths array
		for _, a := range apis {
			paths = append(paths, a.Path)
		}
		s.edgeFunction(site, "apis", "Takes the path of an API off.", "const PATHS = "+jsonOf(paths)+";\n"+apisCode)
	}
	config := append(append(distribution(site), s.siteLog(site)...), s.siteFirewall(site)...)
	s.add(resource{id: id, typ: "AWS::CloudFront::Distribution", at: site.At(), properties: object{{"DistributionConfig", config}}})
	if zone := site.HostedZone(); zone != "" {
		for _, name := range site.Domains() {
			for _, typ := range []string{"A", "AAAA"} {
				s.record(zone, name, typ, getAtt(id, "DomainName"), edgeZone, site.At())
			}
		}
	}
	s.siteOutputs(site)
}

func jsonOf(value any) string {
	var b bytes.Buffer
	appendJSON(&b, value, "")
	return b.String()
}

// edgeName is a name that nothing else of the account has, in any region: CloudFront's
// resources are in all of them, and stacks of one name can be in several.
func edgeName(site *tier.Site, what string) reference {
	guid := object{{"Fn::Select", array{2, object{{"Fn::Split", array{"/", ref("AWS::StackId")}}}}}}
	return subWith(site.Name()+"-"+what+"-${Unique}", object{
		{"Unique", object{{"Fn::Select", array{0, object{{"Fn::Split", array{"-", guid}}}}}}},
	})
}

// siteBucketPolicy lets the distribution read files, and know which there are, so that
// one that is missing is 404 and not 403. It never asks for the list: a request for the
// root is one for the page there, by the function and by DefaultRootObject.
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html.
func (s *stack) siteBucketPolicy(site *tier.Site) {
	bucket := policy.SiteID(site, "bucket")
	arn, files := getAtt(bucket, "Arn"), sub("${"+bucket+".Arn}/*")
	read := func(action string, what reference) object {
		return object{
			{"Effect", "Allow"},
			{"Principal", object{{"Service", "cloudfront.amazonaws.com"}}},
			{"Action", action},
			{"Resource", what},
			{"Condition", object{{"StringEquals", object{
				{"AWS:SourceArn", sub("arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${" + policy.SiteID(site) + "}")},
			}}}},
		}
	}
	s.add(resource{id: bucket + "Policy", typ: "AWS::S3::BucketPolicy", at: site.At(), properties: object{
		{"Bucket", ref(bucket)},
		{"PolicyDocument", document(read("s3:GetObject", files), read("s3:ListBucket", arn), tlsOnly("s3:*", array{arn, files}))},
	}})
}

// siteHeaders adds the headers of all answers of files.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudfront-responseheaderspolicy-securityheadersconfig.html.
func (s *stack) siteHeaders(site *tier.Site) {
	security, others := object{}, array{}
	override := member{"Override", true} // S3 has no such headers of its own
	for _, h := range site.Headers() {
		switch h.Name {
		case "Content-Security-Policy":
			security = append(security, member{"ContentSecurityPolicy", object{{"ContentSecurityPolicy", h.Value}, override}})
		case "Referrer-Policy":
			security = append(security, member{"ReferrerPolicy", object{{"ReferrerPolicy", h.Value}, override}})
		case "Strict-Transport-Security":
			seconds, subdomains, preload, _ := h.StrictTransport()
			security = append(security, member{"StrictTransportSecurity", object{
				{"AccessControlMaxAgeSec", seconds}, {"IncludeSubdomains", subdomains}, {"Preload", preload}, override,
			}})
		case "X-Content-Type-Options":
			security = append(security, member{"ContentTypeOptions", object{override}})
		case "X-Frame-Options":
			security = append(security, member{"FrameOptions", object{{"FrameOption", h.Value}, override}})
		default:
			others = append(others, object{{"Header", h.Name}, {"Value", h.Value}, override})
		}
	}
	config := object{{"Name", edgeName(site, "headers")}}
	if len(security) > 0 {
		config = append(config, member{"SecurityHeadersConfig", security})
	}
	if len(others) > 0 {
		config = append(config, member{"CustomHeadersConfig", object{{"Items", others}}})
	}
	s.add(resource{id: policy.SiteID(site, "headers"), typ: "AWS::CloudFront::ResponseHeadersPolicy", at: site.At(), properties: object{
		{"ResponseHeadersPolicyConfig", config},
	}})
}

// maxEdgeCode is what CloudFront takes as the code of a function, in bytes.
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html.
const maxEdgeCode = 10 * 1024

func (s *stack) edgeFunction(site *tier.Site, what, comment, code string) {
	if len(code) > maxEdgeCode {
		s.refuse(site.At(), "site %s: the paths of its APIs make %d bytes of code, and CloudFront takes %d; write shorter paths", site.Name(), len(code), maxEdgeCode)
	}
	s.add(resource{id: policy.SiteID(site, what), typ: "AWS::CloudFront::Function", at: site.At(), properties: object{
		{"Name", edgeName(site, what)},
		{"AutoPublish", true},
		{"FunctionConfig", object{{"Comment", comment}, {"Runtime", edgeRuntime}}},
		{"FunctionCode", code},
	}})
}

func distribution(site *tier.Site) object {
	o := site.Options()
	config := object{
		{"Comment", sub("${AWS::StackName} " + site.Name())},
		{"Enabled", true},
		{"HttpVersion", "http2and3"},
		{"IPV6Enabled", true},
		{"PriceClass", string(o.PriceClass)},
		{"DefaultRootObject", "index.html"},
		{"Origins", siteOrigins(site)},
		{"DefaultCacheBehavior", object{
			{"TargetOriginId", filesOrigin},
			{"ViewerProtocolPolicy", "redirect-to-https"},
			{"AllowedMethods", array{"GET", "HEAD"}},
			{"CachedMethods", array{"GET", "HEAD"}},
			{"Compress", true},
			{"CachePolicyId", cachingOptimized},
			{"ResponseHeadersPolicyId", ref(policy.SiteID(site, "headers"))},
			{"FunctionAssociations", beforeOthers(site, "pages")},
		}},
	}
	var behaviors array
	for _, a := range site.APIs() {
		behaviors = append(behaviors, object{
			{"PathPattern", a.Path + "/*"},
			{"TargetOriginId", apiOrigin(a)},
			{"ViewerProtocolPolicy", "https-only"}, // a redirect would lose the body, and http has shown it already
			{"AllowedMethods", array{"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"}},
			{"Compress", false}, // what is not cached, CloudFront does not compress
			{"CachePolicyId", cachingDisabled},
			{"OriginRequestPolicyId", allViewerButHost},
			{"FunctionAssociations", beforeOthers(site, "apis")},
		})
	}
	if behaviors != nil {
		config = append(config, member{"CacheBehaviors", behaviors})
	}
	if o.NotFound != "" {
		config = append(config, member{"CustomErrorResponses", array{object{
			{"ErrorCode", 404},
			{"ResponseCode", 404},
			{"ResponsePagePath", "/" + o.NotFound},
			{"ErrorCachingMinTTL", errorPageKept},
		}}})
	}
	if len(site.Domains()) == 0 {
		return append(config, member{"ViewerCertificate", object{{"CloudFrontDefaultCertificate", true}}})
	}
	return append(config,
		member{"Aliases", texts(site.Domains())},
		member{"ViewerCertificate", object{
			{"AcmCertificateArn", site.Certificate()},
			{"SslSupportMethod", "sni-only"},
			{"MinimumProtocolVersion", leastTLS},
		}})
}

func beforeOthers(site *tier.Site, what string) array {
	return array{object{{"EventType", "viewer-request"}, {"FunctionARN", getAtt(policy.SiteID(site, what), "FunctionMetadata.FunctionARN")}}}
}

func apiOrigin(a tier.SiteAPI) string { return "api-" + a.API.Name() }

// siteOrigins are the bucket, which CloudFront signs its requests to, and the APIs,
// each once.
func siteOrigins(site *tier.Site) array {
	origins := array{object{
		{"Id", filesOrigin},
		{"DomainName", getAtt(policy.SiteID(site, "bucket"), "RegionalDomainName")},
		{"OriginAccessControlId", ref(policy.SiteID(site, "access"))},
		{"S3OriginConfig", object{{"OriginAccessIdentity", ""}}}, // which is how it has none but the access control
	}}
	seen := map[*tier.API]bool{}
	for _, a := range site.APIs() {
		if seen[a.API] {
			continue
		}
		seen[a.API] = true
		origin := object{
			{"Id", apiOrigin(a)},
			{"DomainName", sub("${" + apiID(a.API) + "}.execute-api.${AWS::Region}.${AWS::URLSuffix}")},
		}
		if stage := a.API.DeployedStages()[0].Name; stage != tier.RootStage {
			origin = append(origin, member{"OriginPath", "/" + stage})
		}
		origins = append(origins, append(origin, member{"CustomOriginConfig", object{
			{"OriginProtocolPolicy", "https-only"},
			{"OriginSSLProtocols", array{"TLSv1.2"}},
			{"OriginReadTimeout", originReadTimeout},
		}}))
	}
	return origins
}

func (s *stack) siteOutputs(site *tier.Site) {
	id, at := policy.SiteID(site), site.At()
	if len(site.Domains()) > 0 {
		s.output(id+"Target", "What the DNS records of the site "+site.Name()+" must point at.", getAtt(id, "DomainName"), at)
	}
	s.output(id+"Url", "Where the site "+site.Name()+" is served.", sub("https://${"+id+".DomainName}"), at)
	s.output(id+"BucketName", "The bucket with the files of the site "+site.Name()+".", ref(policy.SiteID(site, "bucket")), at)
	s.output(id+"Distribution", "The distribution of the site "+site.Name()+", for invalidations.", ref(id), at)
}
