"""Makes a small picture of everything that is uploaded."""

import subprocess
import time
from pathlib import Path

UPLOADS, THUMBS = Path("/srv/www/shop/shared/uploads"), Path("/srv/www/shop/shared/thumbs")

while True:
    for picture in UPLOADS.glob("*.[pj][np]g"):
        small = THUMBS / (picture.stem + ".webp")
        if not small.exists() or small.stat().st_mtime < picture.stat().st_mtime:
            words = ["cwebp", "-quiet", "-resize", "160", "0", str(picture), "-o", str(small)]
            subprocess.run(words, check=False)
    time.sleep(20)
