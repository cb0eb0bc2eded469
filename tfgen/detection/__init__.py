"""What is odd, and how sure one may be: scores, p-values, alarms.

Loaded on first use.
"""

from tfgen.detection.detection import Detection as Detection
from tfgen.detection.detector import Detector as Detector
from tfgen.detection.explanation import Explanation as Explanation
from tfgen.detection.measures import MEASURES as MEASURES
from tfgen.detection.quality import DetectionQuality as DetectionQuality
from tfgen.detection.quality import detection_quality as detection_quality
