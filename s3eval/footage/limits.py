"""What a video or sound file may ask of this machine; beyond it the file is refused, not tried.

A file states its own size, length and pictures, and may state anything. Every limit lies above
what recordings have, and keeps time and memory bounded for the rest.
"""

from __future__ import annotations

from s3eval.facts.clips import MAX_SECONDS

__all__ = [
    "FORMATS",
    "MAX_ASPECT",
    "MAX_HEARD",
    "MAX_PACKETS",
    "MAX_PIXELS",
    "MAX_SECONDS",
    "SOUND_RATES",
    "THREADED_PIXELS",
]

# The largest picture of H.264 and HEVC level 6.2 (35,651,584 luma samples), about 8192 x 4352.
MAX_PIXELS = 35_651_584
# Above this many pixels (4K is below) one thread decodes: each holds pictures of its own.
THREADED_PIXELS = 4096 * 2304
# Pictures of one stream: 24 h at 25 a second, 10 h at 60; 0.3 GB and 20 s to read.
MAX_PACKETS = 2_200_000
# Stored pixels this many times as wide as high, or the reverse, are a damaged header.
MAX_ASPECT = 8.0
# Seconds of sound in one clip; 16 kHz in float32 is 230 MB an hour, held twice for a moment.
MAX_HEARD = 4 * 3600.0
# Samples a second a recording can have; at 1 Hz a megabyte would be twelve days of sound.
SOUND_RATES = (1_000, 768_000)

# The containers and bare streams that hold everything in the file itself, by FFmpeg's names.
# Left out on purpose: what refers to other files or addresses (hls, dash, concat, sdp, rtsp,
# imf, vobsub, image2 with its numbered names, mlv and r3d with their further parts), devices,
# generators (lavfi), still pictures, and text that FFmpeg draws (tty, subtitles).
FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,asf,asf_o,flv,kux,live_flv,ogg,mxf,gxf,nut,rm,wtv,dv,nsv,nuv,"
    "ivf,pva,ty,lmlm4,lxf,dhav,ifv,luodat,lvf,hxvs,mtv,smjpeg,mpjpeg,yuv4mpegpipe,gif,apng,"
    "h261,h263,h264,hevc,vvc,evc,m4v,mpegvideo,mjpeg,mjpeg_2000,vc1,vc1test,av1,obu,dirac,"
    "cavsvideo,avs2,avs3,dnxhd,"
    "wav,w64,mp3,aac,latm,loas,ac3,eac3,dts,dtshd,truehd,mlp,flac,aiff,au,caf,amr,amrnb,amrwb,"
    "ape,wv,tta,tak,mpc,mpc8,voc,gsm,shn"
)
